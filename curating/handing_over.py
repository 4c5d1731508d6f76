"""What a search has found, handed over to the list of the admin."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Protocol

from gallery.models import GalleryImage, Search
from gallery.search.answers import PAGE
from gallery.search.ask import ask
from selector.people import Person

# Two pages of hits: nobody looks further before they are curated.
PAGES = 2
MOST = PAGES * PAGE
KEY = "curated_search"


class Session(Protocol):
    """A session, as far as it is needed here."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def __setitem__(self, key: str, value: Any) -> None: ...


def hand_over(session: Session | MutableMapping[str, Any], search: Search, person: Person) -> int:
    """Note in a session the public images among the best hits of a search; says how many these are.

    One search at a time: the list of the last is the one that somebody works on.
    """
    hits = ask(search, person, PAGES, from_page=1).hits
    keys = [hit.image.pk for lead in hits for hit in (lead, *lead.copies)]
    public = list(GalleryImage.objects.public().filter(pk__in=keys).values_list("pk", flat=True))
    session[KEY] = {"search": str(search.pk), "images": public}
    return len(public)


def images_of(session: Session | MutableMapping[str, Any], search: str) -> list[int]:
    """The images that a search has handed over; none when it has not."""
    noted: dict[str, Any] = session.get(KEY) or {}
    return noted["images"] if noted.get("search") == search else []
