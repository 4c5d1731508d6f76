"""An image that was found, and what of it is like the selection."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from PIL import Image

from superpixel_search.connection import Connection
from superpixel_search.masks import Mask, decode
from superpixel_search.pictures import Rgb, as_png, cut_out, outlined, pixels_in
from superpixel_search.records import Record


class Hit(Record):
    """An image that was found. Fields: `score` (0 to 100), `closeness`, `image`, `outline`, `regions` and others."""

    def __init__(self, connection: Connection, told: dict[str, Any], rank: int) -> None:
        super().__init__(told)
        self._connection = connection
        self.rank = rank

    @property
    def title(self) -> str:
        """Of the image."""
        return str(self.image["title"])

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of what is like the selection, the last two excluded; None after words alone."""
        return tuple(self.outline["box"]) if self.outline else None

    @cached_property
    def mask(self) -> Mask | None:
        """What is like the selection: bool (H, W), on the working copy of the image; None after words alone."""
        return decode(self.outline["mask"]) if self.outline else None

    @property
    def page(self) -> str:
        """The image's page on the site."""
        return str(self._connection.address(self.image["page"]))

    @cached_property
    def picture(self) -> Rgb:
        """The working copy of the image: uint8 (H, W, 3)."""
        return pixels_in(self._connection.ask("GET", self.image["picture"]).content)

    def outlined(self) -> Image.Image:
        """The image with a line around what is like the selection, and all else dimmed."""
        return outlined(self.picture, self.mask)

    def cut_out(self) -> Image.Image:
        """What is like the selection, on white."""
        return Image.fromarray(self.picture) if self.mask is None else cut_out(self.picture, self.mask)

    def row(self) -> dict[str, Any]:
        """The hit as a row of a table, without pictures."""
        left, top, right, bottom = self.box or (None,) * 4
        image = self.image
        return {
            "rank": self.rank,
            "image": image["id"],
            "title": image["title"],
            "score": self.score,
            "closeness": self.closeness,
            **{"left": left, "top": top, "right": right, "bottom": bottom},
            "area": int(self.mask.sum()) if self.mask is not None else None,
            **{name: image[name] for name in ("width", "height", "creator", "licence", "source_url", "taken")},
            "page": self.page,
        }

    def __repr__(self) -> str:
        score = "" if self.score is None else f", {self.score}"
        return f"<Hit {self.rank}: {self.title!r}{score}>"

    def _repr_png_(self) -> bytes:
        return as_png(self.outlined())
