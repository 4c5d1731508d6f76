"""Past searches, as a person's history shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.core.paginator import Page, Paginator
from django.db.models import Count

from gallery.models import Search
from gallery.search.options import Options
from selector.people import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class FeedbackCount(TypedDict):
    """What the query adds to a search: the number of hits that were liked or disliked."""

    n_feedback: int


@dataclass(frozen=True)
class PastSearch:
    """A search with what the history says about it: its options in words, and the number of hits with feedback."""

    search: Search
    options: str
    n_feedback: int


def history_page(person: Person, number: int, size: int) -> tuple[Page[Search], list[PastSearch]]:
    """One page of `size` searches of a person, the latest first: the page itself, for its links, and its rows."""
    searches = Search.objects.visible_to(person).select_related("label_map__photo")
    counted = searches.annotate(n_feedback=Count("feedback")).order_by("-last_asked", "pk")
    page = Paginator(counted, size).get_page(number)
    rows = cast("Page[WithAnnotations[Search, FeedbackCount]]", page)
    return page, [PastSearch(row, Options.from_json(row.options).in_words, row.n_feedback) for row in rows]
