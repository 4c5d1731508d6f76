"""What the library shows of the collection: by words or all of it, narrowed, sorted, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F

from gallery.models import GalleryImage
from gallery.search import answers
from gallery.search.by_words import find
from gallery.search.chips import Chip, chips_among, query_of
from gallery.search.options import Options
from selector.people import Person

IMAGES_A_PAGE = 48
NEWEST = "newest"
SORTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    NEWEST: ("Newest first", ("-created", "-pk")),
    "oldest": ("Oldest first", ("created", "pk")),
    "title": ("By title", ("title", "pk")),
    "made": ("By date made", (F("taken").desc(nulls_last=True), "-pk")),
}


@dataclass(frozen=True)
class Shelf:
    """A page of the library.

    Attributes
    ----------
    page : Page
        Its number, and how many there are.
    images : list of GalleryImage
    chips : list of Chip
    sentence : str
        What words have found; empty without words.
    query : str
        What the addresses of the other pages have to keep: "tag=red&sort=title".
    """

    page: Page[Any]
    images: Sequence[GalleryImage]
    chips: list[Chip]
    sentence: str
    query: str

    @property
    def total(self) -> int:
        """How many images there are on all pages."""
        return self.page.paginator.count


def shelf_of(options: Options, sort: str, person: Person, number: int, *, is_more: bool = False) -> Shelf:
    """The images that a person may see, by the words and filters of options; words sort them best first.

    Of more images below those of another page only these are needed.
    """
    if options.words:
        found = find(options, person, number)
        places = Paginator(range(found.total), answers.PAGE).get_page(number)
        return Shelf(places, [hit.image for hit in found.hits], found.chips, found.sentence, query_of(options))
    images = options.filtered(GalleryImage.objects.visible_to(person), person)
    ordered = images.select_related("photo").order_by(*SORTS[sort][1])
    page = Paginator(ordered, IMAGES_A_PAGE).get_page(number)
    sorting = "" if sort == NEWEST else f"sort={sort}"
    query = "&".join(filter(None, (query_of(options), sorting)))
    chips = [] if is_more else chips_among(options, images, page.paginator.count, person)
    return Shelf(page, list(page), with_sorting(chips, sorting), "", query)


def with_sorting(chips: list[Chip], sorting: str) -> list[Chip]:
    """Chips whose addresses keep how the images are sorted."""
    if not sorting:
        return chips
    return [
        Chip(chip.kind, chip.label, "&".join(filter(None, (chip.query, sorting))), chip.count, chip.value)
        for chip in chips
    ]
