"""PNG pictures of 16 bits a sample, brought to sRGB with 13 of their bits.

Pillow keeps the upper 8 bits of a colour picture. That is enough for sRGB, but leaves steps in what is linear or HDR.
So such a picture is decoded once for the lower and once for the upper halves of its samples.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from selector.imaging.colour_spaces import ColourSpace

# What a picture that has been brought to sRGB says of itself in its `info`.
IS_SRGB = "is_srgb"
# Pillow's names for how samples are stored: read from the other end, the lower halves look like the upper ones.
_LOWER_HALVES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_GREYS = "I;16B"
_BAND_PIXELS = 2**18


def decoded_in_srgb(stream: bytes, size: tuple[int, int], space: ColourSpace) -> Image.Image | None:
    """The picture in sRGB, in RGB or RGBA.

    Parameters
    ----------
    stream : bytes
        A PNG of 16 bits a sample.
    size : (width, height)
        What its container says.
    space : ColourSpace

    Returns
    -------
    PIL.Image.Image or None
        None if it is of a kind that is not decoded here: of another size, or of greys with alpha.
    """
    picture = PngImageFile(io.BytesIO(stream))
    stored = picture.tile[0].args if picture.tile else None
    if picture.size != size or stored not in (*_LOWER_HALVES, _GREYS):
        return None
    key = picture.info.get("transparency")
    shown = _of_greys(picture, space, key) if stored == _GREYS else _of_colours(picture, stream, space, key)
    shown.info = {IS_SRGB: True}
    return shown


def _of_greys(picture: Image.Image, space: ColourSpace, key: int | None) -> Image.Image:
    shown = Image.new("RGB", picture.size)
    for top, bottom in _bands(picture):
        codes = np.asarray(picture.crop((0, top, picture.width, bottom))).astype(np.uint16)
        _paste(shown, top, space.srgb(codes), codes == key if key is not None else None)
    return shown


def _of_colours(picture: PngImageFile, stream: bytes, space: ColourSpace, key: tuple[int, ...] | None) -> Image.Image:
    lower = _lower_halves(stream)
    picture.load()
    for top, bottom in _bands(picture):
        upper = np.asarray(picture.crop((0, top, picture.width, bottom))).astype(np.uint16)
        packed = lower[top:bottom, :, None]
        # The middle of the values that 5 bits stand for.
        fives = packed >> np.array([10, 5, 0], np.uint16) & 31
        codes = (upper[..., :3] << 8 | fives << 3 | 4).astype(np.uint16)
        pixels = np.concatenate([space.srgb(codes), upper[..., 3:].astype(np.uint8)], axis=2)
        _paste(picture, top, pixels, (codes >> 3 == np.array(key) >> 3).all(axis=2) if key else None)
    return picture


def _lower_halves(stream: bytes) -> npt.NDArray[np.uint16]:
    """The upper 5 bits of the lower halves of red, green and blue, in one number for each pixel."""
    picture = PngImageFile(io.BytesIO(stream))
    picture.tile = [tile._replace(args=_LOWER_HALVES[str(tile.args)]) for tile in picture.tile]
    picture.load()
    packed = np.empty((picture.height, picture.width), np.uint16)
    for top, bottom in _bands(picture):
        bits = np.asarray(picture.crop((0, top, picture.width, bottom))).astype(np.uint16) >> 3
        packed[top:bottom] = bits[..., 0] << 10 | bits[..., 1] << 5 | bits[..., 2]
    return packed


def _bands(picture: Image.Image) -> Iterator[tuple[int, int]]:
    """First row, and the row after the last, of parts of a picture."""
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, min(top + rows, picture.height)


def _paste(shown: Image.Image, top: int, pixels: npt.NDArray[np.uint8], clear: npt.NDArray[np.bool_] | None) -> None:
    """Put rows into a picture; those pixels that are transparent are white."""
    if clear is not None:
        pixels[clear] = 255
    shown.paste(Image.fromarray(pixels), (0, top))
