"""What a person may mean by “like this”: each a mix of the spaces, and whether hits are checked point by point."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gallery.index.kinds import APPEARANCE, MEANING


@dataclass(frozen=True)
class Preset:
    """One of the things that may be meant.

    Attributes
    ----------
    name : str
        As it is stored with searches.
    label, explanation : str
        On its button, and in a line below.
    balance : int
        The share of `meaning` beside `appearance`, in percent.
    is_checked : bool
        Whether the first hits are put in order by keypoints that lie alike.
    """

    name: str
    label: str
    explanation: str
    balance: int
    is_checked: bool = False


def default_balance() -> int:
    """Where the slider stands by default."""
    return round(100 * MEANING.default_weight / (APPEARANCE.default_weight + MEANING.default_weight))


THING = Preset("thing", "The same thing", "This very thing in another place, size or light.", 40, is_checked=True)
KIND = Preset("kind", "The same kind", "Things of this kind, whatever their colours.", default_balance())
LOOK = Preset("look", "The same look", "The same colours and textures, whatever it is.", 0)
PRESETS = {preset.name: preset for preset in (THING, KIND, LOOK)}
CUSTOM = "custom"
"""What a form says where the slider counts."""

# Where nothing answers but `appearance`, the default is that look.
WITHOUT_MEANING = (THING, replace(KIND, label=LOOK.label, explanation=LOOK.explanation))

# The first hit is proposed to be the very thing where it is like the question in both spaces, the score of the lesser
# one plus the lead before the sixth hit being more than this.
PROPOSED_FROM, BEHIND = 5.0, 5
