"""A photo on the site: its superpixels, and what is selected on it."""

from __future__ import annotations

import io
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from superpixel_search.connection import Connection
from superpixel_search.pictures import Rgb, as_png, pixels_in
from superpixel_search.records import Record
from superpixel_search.selections import Selection


class Photo(Record):
    """A photo of yours, or of the public collection. Fields: `id`, `name`, `width`, `height`, `created` and others."""

    def __init__(self, connection: Connection, told: dict[str, Any]) -> None:
        super().__init__(told)
        self._connection = connection

    @property
    def path(self) -> str:
        """Below the interface."""
        return f"photos/{self.id}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the working copy, in pixels: coordinates and masks are on it."""
        return self.width, self.height

    def picture(self) -> Rgb:
        """The working copy: uint8 (H, W, 3)."""
        return pixels_in(self._connection.ask("GET", self.working_copy).content)

    def labels(self, level: int | None = None) -> npt.NDArray[np.uint16]:
        """The superpixel of each pixel, or with a level the region of each: uint16 (H, W).

        Parameters
        ----------
        level : int, optional
            Into how many regions the merge tree is cut.
        """
        png = {"Accept": "image/png"}
        answer = self._connection.ask("GET", f"{self.path}/labels", params={"level": level}, headers=png)
        return np.asarray(Image.open(io.BytesIO(answer.content))).astype(np.uint16)

    def segments(self, level: int | None = None) -> dict[str, Any]:
        """What is known of the superpixels: areas, centroids, mean colours, neighbours and the merge tree."""
        told: dict[str, Any] = self._connection.json(
            "GET", f"{self.path}/labels", params={"level": level, "labels": "png"}
        )
        del told["labels"]
        return told

    @property
    def selection(self) -> Selection:
        """What is selected on it now."""
        return Selection(self, self._connection, self._connection.json("GET", f"{self.path}/selection"))

    def select(self, **what: Any) -> Selection:
        """Select something instead of what was selected before; see `Selection.select`."""
        selection = self.selection
        if selection.included or selection.excluded:
            selection.clear()
        return selection.select(**what)

    def rename(self, name: str) -> Self:
        """Give it another name."""
        self.told = self._connection.json("PATCH", self.path, json={"name": name})
        return self

    def turn(self) -> Self:
        """Turn it clockwise by a quarter, with all that is selected on it."""
        self.told = self._connection.json("POST", f"{self.path}/turn")
        return self

    def delete(self) -> None:
        """Delete it for good, with everything made from it."""
        self._connection.json("DELETE", self.path)

    def __repr__(self) -> str:
        return f"<Photo {self.name!r}, {self.width} x {self.height}>"

    def _repr_png_(self) -> bytes:
        return as_png(Image.fromarray(self.picture()))
