"""What is selected on a photo, and every gesture of the workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy.typing as npt

from superpixel_search.connection import Connection
from superpixel_search.masks import Mask, decode, encode
from superpixel_search.pictures import as_png, cut_out
from superpixel_search.records import Record
from superpixel_search.searches import Search

if TYPE_CHECKING:
    from PIL import Image

    from superpixel_search.photos import Photo

Point = tuple[float, float]
Box = tuple[float, float, float, float]
ONE_WAY = "Say in one way what to select: box, stroke, loop, tap, click, mask, polygon, superpixels or node."


class Selection(Record):
    """What is selected on a photo. Fields: `included`, `excluded`, `share`, `box`, `description` and others.

    Methods that change it return it. Each is one step that can be undone. When another has changed the selection
    meanwhile, they raise `Problem` with status 412 instead: `read` it, then change it.
    """

    def __init__(self, photo: Photo, connection: Connection, told: dict[str, Any]) -> None:
        super().__init__(told)
        self.photo = photo
        self._connection = connection

    @property
    def mask(self) -> Mask:
        """What is included: bool (H, W), on the working copy."""
        return decode(self.told["mask"])

    @property
    def excluded_mask(self) -> Mask:
        """What hits are not to be like: bool (H, W)."""
        return decode(self.told["excluded_mask"])

    def select(
        self,
        *,
        box: Box | None = None,
        stroke: Sequence[Point] | None = None,
        loop: Sequence[Point] | None = None,
        tap: Point | None = None,
        click: Point | None = None,
        mask: npt.ArrayLike | None = None,
        polygon: Sequence[Point] | None = None,
        superpixels: Sequence[int] | None = None,
        node: int | None = None,
        remove: bool = False,
        exclude: bool = False,
        level: int | None = None,
        size: tuple[int, int] | None = None,
    ) -> Self:
        """Select something beside what is selected, said in one way.

        Parameters
        ----------
        box : tuple of left, top, right and bottom, optional
            Around the object meant, as with the workspace's object tool.
        stroke : sequence of x and y, optional
            Along the object meant.
        loop : sequence of x and y, optional
            Around the object meant.
        tap : tuple of x and y, optional
            On the object meant.
        click : tuple of x and y, optional
            On one region, at a level of detail.
        mask : array_like, shape (H, W), optional
            The superpixels of which more than half lies in it. It may be of another size, the original's say.
        polygon : sequence of x and y, optional
            The same of what is inside.
        superpixels : sequence of int, optional
        node : int, optional
            Of the merge tree.
        remove : bool, optional
            Take that away instead.
        exclude : bool, optional
            What hits are not to be like, instead.
        level : int, optional
            In how many regions the photo is seen.
        size : tuple of width and height, optional
            Of the picture in which coordinates are, where that is not the working copy.

        Returns
        -------
        Selection
            This one.

        Raises
        ------
        Problem
        ValueError
            Where nothing is said, or several things.
        """
        gestures = {"box": box, "stroke": stroke, "loop": loop, "tap": tap, "click": click}
        others = {"mask": mask, "polygon": polygon, "superpixels": superpixels, "node": node}
        said = [name for name, value in {**gestures, **others}.items() if value is not None]
        if len(said) != 1:
            raise ValueError(ONE_WAY)
        mode = "exclude" if exclude else "include"
        scaled = self._scale(size)
        if said[0] in gestures:
            body = _gesture(said[0], gestures[said[0]], scaled)
            return self._gesture({**body, "mode": mode, "level": level, "remove": remove})
        if mask is not None:
            written: dict[str, Any] = {"mask": encode(mask), "mode": mode}
        elif polygon is not None:
            written = {"polygon": _points(polygon, scaled), "mode": mode}
        elif superpixels is not None:
            written = {"excluded" if exclude else "included": [int(number) for number in superpixels]}
        else:
            written = {"node": node, "mode": mode}
        return self._write({**written, "how": "remove" if remove else "add"})

    def correct(self, points: Sequence[Point], *, remove: bool = False, size: tuple[int, int] | None = None) -> Self:
        """Correct the object found last, by a stroke or click on what belongs to it, or with `remove` does not.

        Parameters
        ----------
        points : sequence of x and y
        remove : bool, optional
        size : tuple of width and height, optional
            Of the picture in which the points are.
        """
        body = {"tool": "correct", "points": _points(points, self._scale(size)), "remove": remove}
        return self._gesture({**body, "start": "stroke" if len(points) > 1 else None})

    def gesture(self, tool: str, points: Sequence[Point] = (), *, size: Any = None, **options: Any) -> Self:
        """Make any gesture of the workspace.

        Parameters
        ----------
        tool : str
            Such as paint (the brush), cover (the lasso), grow, similar, larger, smaller: the site says which there are.
        points : sequence of x and y, optional
        size : tuple of width and height, optional
            Of the picture in which the points are.
        **options
            Others of the interface: mode, level, box, start, remove, everywhere, node.
        """
        return self._gesture({"tool": tool, "points": _points(points, self._scale(size)), **options})

    def undo(self) -> Self:
        """Take the last step back."""
        return self._gesture({"tool": "undo"})

    def redo(self) -> Self:
        """Do it again."""
        return self._gesture({"tool": "redo"})

    def clear(self) -> Self:
        """Select nothing."""
        return self._write({"included": [], "excluded": [], "how": "replace"})

    def read(self) -> Self:
        """Read what is selected now, by whomever."""
        self.told = self._connection.json("GET", f"{self.photo.path}/selection")
        return self

    def search(self, **options: Any) -> Search:
        """Search for it.

        Parameters
        ----------
        **options
            words, preset ("thing", "kind" or "look"), balance, apart, tag, licence, creator, first, last, mine.

        Returns
        -------
        Search
            Its hits are read as they are needed; the search keeps what it is for, whatever is selected later.
        """
        told = self._connection.json("POST", "searches", json={"photo": self.photo.id, **_written(options)})
        return Search(self._connection, told)

    def cut_out(self) -> Image.Image:
        """What is included, on white."""
        return cut_out(self.photo.picture(), self.mask)

    def __repr__(self) -> str:
        return f"<Selection on {self.photo.name!r}: {self.description}>"

    def _repr_png_(self) -> bytes:
        return as_png(self.cut_out())

    def _scale(self, size: tuple[int, int] | None) -> Point:
        width, height = size or self.photo.size
        return self.photo.width / width, self.photo.height / height

    def _gesture(self, body: Mapping[str, Any]) -> Self:
        given = {name: value for name, value in body.items() if value is not None}
        return self._changed("POST", "/gestures", given)

    def _write(self, body: Mapping[str, Any]) -> Self:
        return self._changed("PUT", "", body)

    def _changed(self, method: str, below: str, body: Mapping[str, Any]) -> Self:
        only_if = {"If-Match": f'"{self.revision}"'}
        path = f"{self.photo.path}/selection{below}"
        self.told = self._connection.json(method, path, json=body, headers=only_if)
        return self


def _gesture(name: str, where: Any, scale: Point) -> dict[str, Any]:
    if name == "box":
        left, top, right, bottom = where
        return {"tool": "object", "box": [*_point((left, top), scale), *_point((right, bottom), scale)], "start": "box"}
    if name in ("tap", "click"):
        # A click is the tool of its own that changes one region.
        start = {"start": "tap"} if name == "tap" else {}
        return {"tool": "object" if name == "tap" else "toggle", "points": [_point(where, scale)], **start}
    return {"tool": "object", "points": _points(where, scale), "start": name}


def _points(points: Sequence[Point], scale: Point) -> list[list[float]]:
    return [_point(point, scale) for point in points]


def _point(point: Point, scale: Point) -> list[float]:
    return [float(point[0]) * scale[0], float(point[1]) * scale[1]]


def _written(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON has them: days as text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in options.items()
        if value is not None
    }
