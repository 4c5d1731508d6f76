"""Filters as chips: what an answer can be narrowed to, how many images each leaves, and what is set already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count
from django.utils.http import urlencode

from gallery.models import GalleryImage, GalleryImageQuerySet
from gallery.search.expressions import EqualsAny
from gallery.search.options import FILTERS, Options
from selector.people import Person

# Values of each kind that are looked at more closely, those that most images have.
MOST_COMPARED = 20
# Chips of each kind of filter, the ones that leave most images first.
MOST_CHIPS = {"tag": 6, "licence": 2, "creator": 2}


@dataclass(frozen=True)
class Chip:
    """A filter that can be set, or taken off again.

    Attributes
    ----------
    count : int or None
        How many of the images found pass it; None for one that is set.
    query : str
        Of the address with the filter set, or without it.
    value : str
        What the filter is set to; empty for one that is set.
    """

    kind: str
    label: str
    query: str
    count: int | None = None
    value: str = ""

    @property
    def setting(self) -> str:
        """As a form sends it: "tag=cat" sets the filter, "tag=" takes it off."""
        return f"{self.kind}={self.value}"

    @property
    def is_set(self) -> bool:
        """Whether the answer is narrowed by it now."""
        return self.count is None


def chips_of(options: Options, keys: Sequence[int], person: Person) -> list[Chip]:
    """What narrows an answer now, and what could narrow it further.

    Parameters
    ----------
    options : Options
    keys : sequence of int
        Those of all images found.
    person : Person
    """
    return chips_among(options, GalleryImage.objects.filter(EqualsAny("pk", keys)), len(keys), person)


def chips_among(options: Options, images: GalleryImageQuerySet, total: int, person: Person) -> list[Chip]:
    """The same for all images of a query set, `total` of them, which are counted where they lie."""
    found = images.order_by()
    given = [name for name in FILTERS if _is_set(options, name)]
    chips = [Chip(name, _said(options, name), query_of(_with(options, name, None))) for name in given]
    if not total:
        return chips
    ways: dict[str, Callable[[], Counter[str]]] = {
        "tag": lambda: _tags(found),
        "licence": lambda: _grouped(found, "licence", _is_licence),
        "creator": lambda: _grouped(found, "creator", _is_creator),
    }
    for name, count in ways.items():
        if not _is_set(options, name):
            chips += _some(options, name, count(), total)
    if not options.mine and (mine := found.owned_by(person).count()):
        chips += _some(options, "mine", Counter({"Only mine": mine}), total)
    return chips


def fields_of(options: Options) -> dict[str, str]:
    """The filters that are set, as fields of a form."""
    given = {name: str(getattr(options, name)) for name in FILTERS if _is_set(options, name)}
    return given | ({"mine": "on"} if options.mine else {})


def query_of(options: Options) -> str:
    """The query of the address of a search by words: "q=cat&tag=animal"."""
    return urlencode(({"q": options.words} if options.words else {}) | fields_of(options))


def _some(options: Options, name: str, counts: Counter[str], total: int) -> list[Chip]:
    """The chips of one kind. What all images have would narrow nothing."""
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    narrowing = [(value, count) for value, count in best if count < total][: MOST_CHIPS.get(name, 1)]
    return [
        Chip(
            name,
            value,
            query_of(_with(options, name, name == "mine" or value)),
            count,
            "on" if name == "mine" else value,
        )
        for value, count in narrowing
    ]


def _tags(found: GalleryImageQuerySet) -> Counter[str]:
    """How many of the images have each tag; upper and lower case are the same."""
    tagged = GalleryImage.tags.through.objects.filter(object_id__in=found.values("pk"))
    counts = Counter(dict(tagged.values_list("tag__name").annotate(Count("pk"))))
    spellings: dict[str, list[str]] = {}
    for name, _ in counts.most_common():
        spellings.setdefault(name.lower(), []).append(name)
    most = sorted(spellings.values(), key=lambda names: -sum(counts[name] for name in names))[:MOST_COMPARED]
    # An image may have a tag in several spellings.
    for first in (names[0] for names in most if len(names) > 1):
        counts[first] = tagged.filter(tag__name__iexact=first).values("object_id").distinct().count()
    return Counter({names[0]: counts[names[0]] for names in most})


def _grouped(found: GalleryImageQuerySet, field: str, passes: Callable[[str, str], bool]) -> Counter[str]:
    """How many images pass a filter by each of the values that most have."""
    counts = Counter(dict(found.exclude(**{field: ""}).values_list(field).annotate(Count("pk"))))
    most = [value for value, _ in counts.most_common(MOST_COMPARED)]
    return Counter({value: sum(n for other, n in counts.items() if passes(other, value)) for value in most})


def _is_licence(other: str, value: str) -> bool:
    """As `GalleryImageQuerySet.licensed` has it."""
    return f"{other} ".lower().startswith(f"{value} ".lower())


def _is_creator(other: str, value: str) -> bool:
    """As `GalleryImageQuerySet.made_by` has it."""
    return value.lower() in other.lower()


def _is_set(options: Options, name: str) -> bool:
    return bool(getattr(options, name))


def _with(options: Options, name: str, value: Any) -> Options:
    """The options with another value of a filter; None takes it off."""
    return replace(options, **{name: getattr(Options(), name) if value is None else value})


def _said(options: Options, name: str) -> str:
    """The filter in words, of which there are no others."""
    said = _with(Options(), name, getattr(options, name)).filters_in_words
    return said[0].upper() + said[1:]
