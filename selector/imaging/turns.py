"""Turning and flipping pictures, by EXIF's orientation and by quarters."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, TypeVar

from PIL import Image

Number = TypeVar("Number", int, float)

Box: TypeAlias = tuple[int, int, int, int]
"""The pixels ``x0 <= x < x1``, ``y0 <= y < y1``, as (x0, y0, x1, y1)."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Pillow turns against the clock, people say "rotate" and mean with it.
_CLOCKWISE = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}


class _Move(NamedTuple):
    """Where a pixel comes from: its coordinates exchanged, then counted from the other end."""

    exchanges: bool
    from_right: bool
    from_below: bool


_MOVES = {
    Image.Transpose.FLIP_LEFT_RIGHT: _Move(False, True, False),
    Image.Transpose.FLIP_TOP_BOTTOM: _Move(False, False, True),
    Image.Transpose.ROTATE_180: _Move(False, True, True),
    Image.Transpose.TRANSPOSE: _Move(True, False, False),
    Image.Transpose.ROTATE_90: _Move(True, True, False),
    Image.Transpose.ROTATE_270: _Move(True, False, True),
    Image.Transpose.TRANSVERSE: _Move(True, True, True),
}


class Turning:
    """From a picture as it is stored to an upright one.

    Parameters
    ----------
    orientation : int
        1 to 8, as in EXIF.
    quarter_turns : int, optional
        Clockwise, after EXIF.
    """

    def __init__(self, orientation: int, quarter_turns: int = 0) -> None:
        steps = (_UPRIGHT.get(orientation), _CLOCKWISE.get(quarter_turns % 4))
        self._steps = [step for step in steps if step is not None]

    def picture(self, stored: Image.Image) -> Image.Image:
        """A stored picture, or a part of one, turned upright."""
        for step in self._steps:
            stored = stored.transpose(step)
        return stored

    def size(self, stored: tuple[Number, Number]) -> tuple[Number, Number]:
        """Width and height of the upright picture, or whatever else it has across and down."""
        exchanges = sum(_MOVES[step].exchanges for step in self._steps) % 2
        return stored[::-1] if exchanges else stored

    def stored_box(self, box: Box, stored: tuple[int, int]) -> Box:
        """Where the pixels in a box of the upright picture are in a stored picture of a size.

        Examples
        --------
        >>> Turning(6).stored_box((0, 0, 1, 2), (30, 20))
        (0, 19, 2, 20)
        """
        size = self.size(stored)
        for step in reversed(self._steps):
            move = _MOVES[step]
            x0, y0, x1, y1 = box
            if move.exchanges:
                x0, y0, x1, y1, size = y0, x0, y1, x1, size[::-1]
            if move.from_right:
                x0, x1 = size[0] - x1, size[0] - x0
            if move.from_below:
                y0, y1 = size[1] - y1, size[1] - y0
            box = x0, y0, x1, y1
        return box
