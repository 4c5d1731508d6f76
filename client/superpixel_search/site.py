"""A site for region search, as a program uses it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from superpixel_search.connection import ATTEMPTS, Connection
from superpixel_search.photos import Photo
from superpixel_search.pictures import Picture, file_of
from superpixel_search.progress import shown
from superpixel_search.records import Record
from superpixel_search.searches import Hits, Search
from superpixel_search.segments import Segments

URL, TOKEN = "SUPERPIXEL_SEARCH_URL", "SUPERPIXEL_SEARCH_TOKEN"


class Site:
    """A site, by its address and a token.

    Parameters
    ----------
    url : str, optional
        By default that of the environment variable SUPERPIXEL_SEARCH_URL.
    token : str, optional
        From the page of your account there; by default that of SUPERPIXEL_SEARCH_TOKEN. Only `segment` works without.
    timeout : float, optional
        In seconds, for each request.
    attempts : int, optional
        How often a request is sent at most, while the site is busy or cannot be reached; nothing is made twice.

    Raises
    ------
    ValueError
        Without an address.

    Examples
    --------
    >>> site = Site("http://localhost:8000", "a token")
    >>> site
    <Site http://localhost:8000/>
    """

    def __init__(
        self, url: str = "", token: str | None = None, *, timeout: float = 60, attempts: int = ATTEMPTS
    ) -> None:
        address = url or os.environ.get(URL, "")
        if not address:
            raise ValueError(f"Say where the site is: Site(url, token), or in the environment as {URL}.")
        known = token or os.environ.get(TOKEN, "")
        self.connection = Connection(address, known, timeout=timeout, attempts=attempts)

    def photo(self, picture: Picture | uuid.UUID) -> Photo:
        """A photo: one that is there, by its key, or a picture that is uploaded now.

        Parameters
        ----------
        picture : UUID, path, bytes or uint8 ndarray
            A key also as text, where no file has that name.
        """
        key = _key(picture)
        if key:
            return Photo(self.connection, self.connection.json("GET", f"photos/{key}"))
        assert not isinstance(picture, uuid.UUID)
        return Photo(self.connection, self.connection.json("POST", "photos", file=file_of(picture)))

    def upload(self, pictures: Iterable[Picture], *, progress: bool = True) -> list[Photo]:
        """Upload several pictures, one after the other.

        Parameters
        ----------
        pictures : iterable
        progress : bool, optional
            Whether to show how far that is.
        """
        return [self.photo(picture) for picture in shown(list(pictures), "Uploading", progress)]

    def photos(self) -> Iterator[Photo]:
        """Your photos, the latest first."""
        return (Photo(self.connection, told) for told in self.connection.rows("photos", "photos"))

    def searches(self) -> Iterator[Search]:
        """Your searches, the latest first."""
        return (Search(self.connection, told) for told in self.connection.rows("searches", "searches"))

    def search(self, key: str | uuid.UUID) -> Search:
        """A search of yours, by its key."""
        return Search(self.connection, self.connection.json("GET", f"searches/{key}"))

    def like(self, image: int, *, node: int | None = None, **options: Any) -> Search:
        """Search for what is like an image of the collection, or like a node of its merge tree.

        Parameters
        ----------
        image : int
            Its key: `hit.image["id"]`.
        node : int, optional
        **options
            As those of `Selection.search`.
        """
        asked = {"image": image, "node": node, **options}
        written = {name: value for name, value in asked.items() if value is not None}
        return Search(self.connection, self.connection.json("POST", "searches", json=written))

    def find(self, words: str = "", **filters: Any) -> Hits:
        """Find images by words: by what is said of them, and by what they show.

        Parameters
        ----------
        words : str, optional
        **filters
            tag, licence, creator, first, last, mine.
        """
        return Hits(self.connection, "hits", {"words": words, **filters})

    def images(self, **filters: Any) -> Iterator[Record]:
        """Images of the collection, the latest first, with `id`, `title`, `creator`, `licence` and other fields.

        Parameters
        ----------
        **filters
            As the interface has them: tag, licence, creator, first, last, mine.
        """
        return (Record(told) for told in self.connection.rows("gallery", "images", filters))

    def jobs(self) -> Iterator[Record]:
        """For curators: imports and other work that takes long, the latest first, each with how far it is."""
        return (Record(told) for told in self.connection.rows("jobs", "jobs"))

    def statistics(self) -> dict[str, Any]:
        """For curators: images by status, the coverage of spaces, the queue, the index."""
        told: dict[str, Any] = self.connection.json("GET", "statistics")
        return told

    def segment(self, picture: Picture, n_segments: int = 100, **settings: Any) -> Segments:
        """Cut a picture into superpixels. No token is needed, and the site keeps nothing.

        Parameters
        ----------
        picture : path, bytes or uint8 ndarray
        n_segments : int, optional
            How many superpixels to aim at.
        **settings
            compactness, sigma, engine ("slic" or "skimage"), long_side.
        """
        form = {"n_segments": n_segments, **settings}
        return Segments(self.connection.json("POST", "segment", file=file_of(picture), form=form))

    def close(self) -> None:
        """Close what is still open to the site."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Site {self.connection.url}>"


def _key(picture: Any) -> str:
    """The key of a photo, where it is one; else nothing."""
    if isinstance(picture, uuid.UUID):
        return str(picture)
    if not isinstance(picture, str) or Path(picture).exists():
        return ""
    try:
        return str(uuid.UUID(picture))
    except ValueError:
        return ""
