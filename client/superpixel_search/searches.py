"""A search and its hits, page by page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, overload

from superpixel_search.connection import Connection
from superpixel_search.hits import Hit
from superpixel_search.records import Record

if TYPE_CHECKING:
    import pandas as pd

BETWEEN_CHECKS = 0.3


class Hits:
    """Hits, best first, read page by page as they are needed: a sequence of unknown length."""

    def __init__(self, connection: Connection, path: str, params: dict[str, Any] | None = None) -> None:
        self._connection = connection
        self._path = path
        self._params = params or {}
        self._forget()

    def _forget(self) -> None:
        self._read: list[Hit] = []
        self._first: dict[str, Any] | None = None
        self._pages = self._connection.pages(self._path, self._params)

    @property
    def sentence(self) -> str:
        """How much was found, or why nothing."""
        return str(self._answer["sentence"])

    @property
    def total(self) -> int:
        """How many are known; reading on may find more."""
        return int(self._answer["total"])

    @property
    def notices(self) -> list[str]:
        """What else there is to say."""
        return list(self._answer["notices"])

    def __iter__(self) -> Iterator[Hit]:
        place = 0
        while place < len(self._read) or self._has_read_more():
            yield self._read[place]
            place += 1

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> list[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | list[Hit]:
        if isinstance(place, slice):
            is_counted_from_end = min(place.start or 0, place.stop if place.stop is not None else -1) < 0
            return list(self)[place] if is_counted_from_end else list(islice(self, place.stop))[place]
        while place < 0 or place >= len(self._read):
            if not self._has_read_more():
                break
        return self._read[place]

    def frame(self, most: int | None = None) -> pd.DataFrame:
        """The hits as a table of pandas, one row for each.

        Parameters
        ----------
        most : int, optional
            How many at most; all by default.
        """
        import pandas as pd

        return pd.DataFrame([hit.row() for hit in islice(self, most)])

    @property
    def _answer(self) -> dict[str, Any]:
        if self._first is None:
            self._has_read_more()
        assert self._first is not None
        return self._first

    def _has_read_more(self) -> bool:
        page = next(self._pages, None)
        if page is None:
            return False
        self._first = self._first or page
        begin = len(self._read) + 1
        self._read += [Hit(self._connection, told, rank) for rank, told in enumerate(page["hits"], begin)]
        return True


class Search(Record, Hits):
    """A search of yours: what was selected, options, and hits. Fields: `id`, `name`, `options`, `page` and others."""

    def __init__(self, connection: Connection, told: dict[str, Any]) -> None:
        Record.__init__(self, told)
        Hits.__init__(self, connection, f"searches/{told['id']}/hits")

    @property
    def path(self) -> str:
        """Below the interface."""
        return f"searches/{self.id}"

    def rename(self, name: str) -> Self:
        """Give it a name, by which it is found again."""
        return self._change(name=name)

    def pin(self, is_pinned: bool = True) -> Self:
        """Keep it at the top of the list."""
        return self._change(is_pinned=is_pinned)

    def refine(self, **options: Any) -> Self:
        """Ask with other options from now on; those left out are the default.

        Parameters
        ----------
        **options
            As those of `Selection.search`.
        """
        self._forget()
        return self._change(options={**options})

    def like(self, hit: Hit) -> Self:
        """Say that a hit is right: the next answer is ranked by it."""
        return self._judge(hit, liked=True)

    def dislike(self, hit: Hit) -> Self:
        """Say that a hit is wrong."""
        return self._judge(hit, liked=False)

    def check(self, seconds: float = 30) -> Self:
        """Of a search with preset "thing": have the first hits compared with the selection point by point.

        Parameters
        ----------
        seconds : float, optional
            How long to wait for that at most.
        """
        end = time.monotonic() + seconds
        while True:
            answer = self._connection.json("GET", f"{self.path}/hits", params={"check": True, "masks": False})
            state = answer["checking"]
            if state is None or state["done"] >= state["total"] or time.monotonic() >= end:
                break
            time.sleep(BETWEEN_CHECKS)
        self._params = {"check": True}
        self._forget()
        return self

    def delete(self) -> None:
        """Delete it; for a day `bring_back` undoes that."""
        self._connection.json("DELETE", self.path)

    def bring_back(self) -> Self:
        """Undo its deletion."""
        self.told = self._connection.json("POST", f"{self.path}/bring-back")
        return self

    def __repr__(self) -> str:
        return f"<Search {self.name or self.id}>"

    def _judge(self, hit: Hit, *, liked: bool) -> Self:
        said = {"liked": liked, "regions": [region["id"] for region in hit.regions]}
        self._connection.json("PUT", f"{self.path}/feedback/{hit.image['id']}", json=said)
        self._forget()
        return self

    def _change(self, **changes: Any) -> Self:
        self.told = self._connection.json("PATCH", self.path, json=changes)
        return self
