"""Past searches, as a person's history shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.core.paginator import Page, Paginator
from django.db.models import Count

from gallery.models import GalleryImage, Search, SearchQuerySet
from gallery.search.options import Options
from selector.people import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


# So many cut-outs stand beside each other in the head of the drawer.
MOST_EARLIER = 5


class FeedbackCount(TypedDict):
    """What the query adds to a search: the number of hits that were liked or disliked."""

    n_feedback: int


@dataclass(frozen=True)
class PastSearch:
    """A search with what the history says about it.

    Attributes
    ----------
    search : Search
    options : str
        In words.
    n_feedback : int
        The number of hits with feedback.
    best : list of GalleryImage
        What came first in the latest answer, as far as the person may see it, with photos.
    """

    search: Search
    options: str
    n_feedback: int
    best: list[GalleryImage]

    @property
    def title(self) -> str:
        """Its name, or that of the photo."""
        return self.search.name or self.search.label_map.photo.name


def history_page(person: Person, number: int, size: int) -> tuple[Page[Search], list[PastSearch]]:
    """One page of `size` searches of a person, the latest first: the page itself, for its links, and its rows.

    Pinned ones come before all others.
    """
    counted = with_counts(Search.objects.visible_to(person)).order_by("-is_pinned", "-last_asked", "pk")
    page = Paginator(counted, size).get_page(number)
    return page, rows_of(person, page)


def past_search(person: Person, search: Search) -> PastSearch:
    """One search as the history shows it."""
    (row,) = rows_of(person, with_counts(Search.objects.filter(pk=search.pk)))
    return row


def earlier_searches(search: Search, person: Person) -> SearchQuerySet:
    """The latest other searches of a person, the latest first, for the way back."""
    others = Search.objects.visible_to(person).exclude(pk=search.pk)
    return others.order_by("-last_asked", "pk").only("pk", "name", "last_asked", "label_map_id")[:MOST_EARLIER]


def with_counts(searches: SearchQuerySet) -> SearchQuerySet:
    """Searches with their photos and `FeedbackCount`."""
    return searches.select_related("label_map__photo").annotate(n_feedback=Count("feedback"))


def rows_of(person: Person, searches: Iterable[Search]) -> list[PastSearch]:
    """Searches from `with_counts` as the history shows them."""
    rows = cast("list[WithAnnotations[Search, FeedbackCount]]", list(searches))
    wanted = {key for row in rows for key in row.best}
    images = GalleryImage.objects.visible_to(person).select_related("photo").in_bulk(wanted)
    return [
        PastSearch(
            row,
            Options.from_json(row.options).in_words,
            row.n_feedback,
            [images[key] for key in row.best if key in images],
        )
        for row in rows
    ]
