"""Models to compare on one folder: how each is named, and what it reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from django.conf import settings

from gallery.descriptors.open_clip.tower import Method
from gallery.descriptors.open_clip.weights import WeightsMissing, fetch
from gallery.evaluation.comparison import NotComparable
from gallery.evaluation.results import FUSED, REGIONS

MEANING = "meaning"
COLUMNS = f"{'model':36}{'space':10}{'mAP':>7}{'95%':>16}{'P@1':>7}{'look ms':>9}{'index ms':>9}{'bytes':>9}"
HEADINGS = f"{COLUMNS}   mAP and P@1 against the first"


@dataclass(frozen=True)
class Candidate:
    """A model with its weights and the method by which it describes regions.

    Attributes
    ----------
    name : str
        As it was given: MODEL, MODEL=WEIGHTS, or either with @METHOD behind it.
    """

    name: str
    model: str
    pretrained: str
    method: str

    @classmethod
    def named(cls, name: str) -> Candidate:
        """Take a name apart, and find out before all the work whether there is such a model.

        Without weights, they are those of the settings for their model, and for a description the file beside it.

        Raises
        ------
        NotComparable
            If there is no such model or method, or its weights are not here.
        """
        before, _, method = name.rpartition("@") if "@" in name else (name, "", "")
        model, _, pretrained = before.partition("=")
        if method and method not in get_args(Method):
            raise NotComparable(f"There is no method {method}: name one of {', '.join(get_args(Method))}.")
        if not pretrained and model == settings.MEANING_MODEL:
            pretrained = settings.MEANING_WEIGHTS
        elif not pretrained and model.endswith(".json"):
            pretrained = str(Path(model).with_suffix(".safetensors"))
        if not pretrained:
            raise NotComparable(f"Name the weights of {model}, too: {model}=WEIGHTS.")
        try:
            fetch(model, pretrained, cache_dir=settings.MODEL_CACHE_DIR, download=False)
        except WeightsMissing as problem:
            raise NotComparable(str(problem)) from problem
        return cls(name, model, pretrained, method)

    def environment(self) -> dict[str, str]:
        """The settings of a process that uses it."""
        return {
            "MEANING_ENABLED": "true",
            "MEANING_MODEL": self.model,
            "MEANING_WEIGHTS": self.pretrained,
            "MEANING_METHOD": self.method,
        }


def table(found: Sequence[tuple[str, list[dict[str, Any]]]]) -> Iterator[str]:
    """A line for each model and space: what it reached, what it costs, and how far it is from the first.

    Parameters
    ----------
    found : sequence of (str, list of dict)
        The name of each model, and the rows of its evaluation, those after the first with their differences from it.
    """
    yield HEADINGS
    for name, rows in found:
        shown = [row for row in rows if (row["method"], row["space"]) in ((REGIONS, MEANING), (FUSED, "all"))]
        for row in shown:
            yield _line(name, row, rows[-1])
        if not shown:
            yield f"{_short(name):36}could not be used: see above"


def _line(name: str, row: dict[str, Any], last: dict[str, Any]) -> str:
    low, high = row["interval"]["mAP"]
    times, sizes = last["milliseconds"], last["bytes_an_image"]
    looking = times.get(f"features by {MEANING}, first", float("nan"))
    size = sizes.get(MEANING, 0) if row["space"] == MEANING else sum(sizes.values())
    return (
        f"{_short(name):36}{row['space']:10}{row['mAP']:7.3f}{f'{low:.3f}-{high:.3f}':>16}{row['P1']:7.3f}"
        f"{looking:9.0f}{times['indexing an image']:9.0f}{size:9.0f}   {_differences(row.get('against', {}))}"
    )


def _differences(against: dict[str, Any]) -> str:
    return ", ".join(
        f"{of['difference']:+.3f} ({of['interval'][0]:+.3f} to {of['interval'][1]:+.3f})"
        for of in (against[key] for key in ("mAP", "P1") if key in against)
    )


def _short(name: str) -> str:
    """A name without the folders of files, cut to what fits."""
    model, equals, pretrained = name.partition("=")
    short = Path(model).name + equals + Path(pretrained).name
    # What tells two apart, the method, stands at the end.
    return short if len(short) < 36 else f"{short[:16]}…{short[-18:]}"
