"""PNG pictures of 16 bits a sample, brought to sRGB with all of their bits.

Pillow keeps the upper 8 bits of a colour picture. That is enough for sRGB, but leaves steps in what is linear or HDR. So
such a picture is decoded once for the upper and once for the lower half of its samples.
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
# A decoded picture and one half of its samples are in memory together; beyond this the lower halves are left out.
MAX_BYTES = 300_000_000
_LOWER_HALVES = {"RGB": "RGB;16L", "RGBA": "RGBA;16L"}
_BAND_PIXELS = 2**20


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
        None if it is of a kind that is not decoded here: of another size, or too large, or of greys with alpha.
    """
    picture = PngImageFile(io.BytesIO(stream))
    n_bytes = (4 + len(picture.getbands())) * size[0] * size[1]
    if picture.size != size or n_bytes > MAX_BYTES or picture.mode not in (*_LOWER_HALVES, "I;16"):
        return None
    key = picture.info.get("transparency")
    shown = _of_greys(picture, space, key) if picture.mode == "I;16" else _of_colours(picture, stream, space, key)
    shown.info = {IS_SRGB: True}
    return shown


def _of_greys(picture: Image.Image, space: ColourSpace, key: int | None) -> Image.Image:
    shown = Image.new("RGB", picture.size)
    for top, bottom in _bands(picture):
        codes = np.asarray(picture.crop((0, top, picture.width, bottom)))
        _paste(shown, top, space.srgb(codes), codes == key)
    return shown


def _of_colours(picture: Image.Image, stream: bytes, space: ColourSpace, key: tuple[int, ...] | None) -> Image.Image:
    upper = np.empty((picture.height, picture.width, len(picture.getbands())), np.uint8)
    for top, bottom in _bands(picture):
        upper[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    picture.im = None  # type: ignore[assignment]  # before room is made for the other half
    shown = PngImageFile(io.BytesIO(stream))
    shown.tile = [tile._replace(args=_LOWER_HALVES[shown.mode]) for tile in shown.tile]
    shown.load()
    for top, bottom in _bands(shown):
        lower = np.asarray(shown.crop((0, top, shown.width, bottom)))
        codes = upper[top:bottom, :, :3].astype(np.uint16) << 8 | lower[:, :, :3]
        pixels = np.concatenate([space.srgb(codes), upper[top:bottom, :, 3:]], axis=2)
        _paste(shown, top, pixels, (codes == key).all(axis=2) if key else None)
    return shown


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
