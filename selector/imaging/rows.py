"""Decoded pixels that lie in memory as a decoder has left them, brought to a picture in bands to save memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from PIL import Image

from selector.imaging.colour import flattened

Pixels: TypeAlias = bytes | memoryview
# So many pixels at a time are brought to 8 bits on white and reduced.
BAND_PIXELS = 2**20


def factors(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """By how much a picture can be reduced to twice the wanted size."""
    return max(1, size[0] // (2 * wanted[0])), max(1, size[1] // (2 * wanted[1]))


def picture_of_rows(
    pixels: Pixels,
    mode: str,
    size: tuple[int, int],
    wanted: tuple[int, int],
    stride: int,
    finish: Callable[[Image.Image], Image.Image] | None = None,
) -> Image.Image:
    """A picture, reduced by averaging whole blocks of pixels to no less than twice the wanted size.

    Parameters
    ----------
    pixels : bytes or memoryview
        Row by row.
    mode : str
        Of Pillow's, such as "RGB".
    size, wanted : (width, height)
    stride : int
        From the beginning of one row to that of the next, in bytes.
    finish : callable, optional
        Called with each band of the picture.

    Returns
    -------
    PIL.Image.Image
        As it is if it can neither be reduced nor is to be finished; else in L or RGB, on white.
    """

    def band(top: int, bottom: int) -> Image.Image:
        part = memoryview(pixels)[top * stride : bottom * stride]
        return Image.frombuffer(mode, (size[0], bottom - top), part, "raw", mode, stride, 1)  # type: ignore[arg-type]

    if factors(size, wanted) == (1, 1) and finish is None:
        return band(0, size[1])
    return joined(size, wanted, band, finish or (lambda part: part))


def joined(
    size: tuple[int, int],
    wanted: tuple[int, int],
    band: Callable[[int, int], Image.Image],
    finish: Callable[[Image.Image], Image.Image] = lambda part: part,
) -> Image.Image:
    """The picture of which a function gives the rows from one to another, on white, reduced and finished."""
    across, down = factors(size, wanted)
    rows = down * max(1, BAND_PIXELS // (size[0] * down))
    whole = None
    for top in range(0, size[1], rows):
        part = finish(flattened(band(top, min(top + rows, size[1]))).reduce((across, down)))
        if whole is None:
            whole = Image.new(part.mode, (part.width, -(-size[1] // down)))
        whole.paste(part, (0, top // down))
    assert whole is not None
    return whole
