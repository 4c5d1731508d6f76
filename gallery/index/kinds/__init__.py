"""The kinds of descriptor spaces: the list of them, and what follows from it.

To add one, write a module with a subclass of `gallery.index.describers.Kind` and name it in `KINDS`.
"""

from __future__ import annotations

from gallery.index.describers import Describer, Kind, SpaceUnavailable
from gallery.index.kinds.appearance import Appearance
from gallery.index.kinds.meaning import Meaning
from gallery.models import DescriptorSpace

APPEARANCE, MEANING = Appearance(), Meaning()

KINDS: tuple[Kind, ...] = (APPEARANCE, MEANING)
"""All kinds, in the order in which images are described and reasons are shown."""


def default_weights() -> dict[str, float]:
    """How much each kind counts in a search that says nothing about it: name -> weight."""
    return {kind.name: kind.default_weight for kind in KINDS}


def label_of(name: str) -> str:
    """The label of a kind. Kept answers may name a kind that is no longer there: then its name."""
    return next((kind.label for kind in KINDS if kind.name == name), name)


def missing_of(space: DescriptorSpace) -> str:
    """What people who search are told of a space that cannot be used."""
    return next((kind for kind in KINDS if kind.name == space.kind), Kind).missing


def describer_of(space: DescriptorSpace) -> Describer:
    """What computes the vectors of a space.

    Raises
    ------
    SpaceUnavailable
        When this installation cannot compute them.
    """
    return kind_of(space).describer(space)


def kind_of(space: DescriptorSpace) -> Kind:
    """The kind of a space.

    Raises
    ------
    SpaceUnavailable
        When its kind is no longer there.
    """
    for kind in KINDS:
        if kind.name == space.kind:
            return kind
    raise SpaceUnavailable(f"There are no more searches by {space.kind}: remove {space} with manage.py spaces.")
