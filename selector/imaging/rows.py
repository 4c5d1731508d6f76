"""Decoded pixels that lie in memory as a decoder has left them: parts of them become pictures when they are asked for.

As one picture of Pillow's they would take as much memory again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image

from selector.imaging.turns import Box


class Rows:
    """A picture of which only parts are ever made.

    Parameters
    ----------
    pixels : bytes or memoryview
        Row by row; there may be more of them, and longer ones, than are shown.
    mode : str
        Of Pillow's, such as "RGB".
    size : (width, height)
        Of what is shown, from the upper left corner.
    stride : int
        From the beginning of one row to that of the next, in bytes.
    finish : callable, optional
        Called with each part.
    """

    def __init__(
        self,
        pixels: bytes | memoryview,
        mode: str,
        size: tuple[int, int],
        stride: int,
        finish: Callable[[Image.Image], Image.Image] = lambda part: part,
    ) -> None:
        self.size, self.info = size, dict[Any, Any]()
        self._pixels, self._mode, self._stride, self._finish = memoryview(pixels), mode, stride, finish

    def crop(self, box: Box) -> Image.Image:
        """The picture in a box, as Pillow's pictures give it."""
        left, top, right, bottom = box
        rows: Any = self._pixels[top * self._stride : bottom * self._stride]
        band = Image.frombuffer(self._mode, (self.size[0], bottom - top), rows, "raw", self._mode, self._stride, 1)
        return self._finish(band if right - left == self.size[0] else band.crop((left, 0, right, bottom - top)))
