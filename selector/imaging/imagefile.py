"""From the bytes of an uploaded file to a photo: upright, sRGB, checked and stripped.

Files come from strangers. What a file says of itself is checked before anything is decoded
(`selector.imaging.containers`), the decoders see the picture alone, and each of their errors becomes an `InvalidImage`
with one sentence for the person who uploaded the file.
"""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from selector.arrays import Rgb
from selector.imaging.colour import flattened, in_srgb, transparency
from selector.imaging.containers import (
    INCOMPLETE,
    Container,
    Format,
    InvalidImage,
    damaged,
    read_container,
)
from selector.imaging.exif import read_day

__all__ = ["InvalidImage", "WorkingCopy", "date_taken", "decode", "make_working_copy", "read_upright"]

# Each decoder by its own name: nothing registers itself, nothing else is tried.
_DECODERS: dict[Format, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
}
# What a JPEG can have at most; a few pixels wide and millions high only serves to keep a decoder busy.
MAX_SIDE = 65_535
# Large pictures are brought to 8 bits on white and reduced in bands of so many pixels, to save memory.
_BAND_PIXELS = 2**20

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


@dataclass(frozen=True)
class WorkingCopy:
    """The picture everything is computed on, and what is known of the file it came from.

    Attributes
    ----------
    jpeg : bytes
        The working copy, without metadata.
    width, height : int
        Of the working copy, in pixels.
    mime : str
        The media type of the original file.
    sha256 : str
        Of the original file, in hexadecimal digits.
    """

    jpeg: bytes
    width: int
    height: int
    mime: str
    sha256: str

    @property
    def working_sha256(self) -> str:
        """The SHA-256 of the working copy itself, in hexadecimal digits."""
        return hashlib.sha256(self.jpeg).hexdigest()


def make_working_copy(
    data: bytes, *, max_bytes: int, max_pixels: int, long_side: int = 1024, quarter_turns: int = 0
) -> WorkingCopy:
    """Read a JPEG, PNG or WebP file and make the working copy of it.

    Parameters
    ----------
    data : bytes
        The file.
    max_bytes, max_pixels : int
        A file with more is refused, by its header, before anything is decoded.
    long_side : int, optional
        The longer side of the working copy, in pixels; smaller pictures keep their size.
    quarter_turns : int, optional
        How many quarters to turn it clockwise, after EXIF has turned it upright.

    Returns
    -------
    WorkingCopy
        A JPEG of quality 92 without chroma subsampling.

    Raises
    ------
    InvalidImage
        If the bytes are no such picture, or too large a one.
    """
    container = _checked(data, max_bytes, max_pixels)
    size = _fitted(container.size, long_side)
    with _refusing(container.format):
        picture = _decoded(container, size).resize(size, Image.Resampling.LANCZOS)
        picture = _turned(in_srgb(picture, container), container.orientation, quarter_turns)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, subsampling=0)
    return WorkingCopy(out.getvalue(), *picture.size, container.mime, hashlib.sha256(data).hexdigest())


def read_upright(data: bytes, *, max_bytes: int, max_pixels: int, draft_side: int | None = None) -> Image.Image:
    """Read a JPEG, PNG or WebP file as an upright RGB picture in sRGB, without metadata.

    Parameters
    ----------
    data : bytes
        The file.
    max_bytes, max_pixels : int
        A file with more is refused, by its header, before anything is decoded.
    draft_side : int, optional
        The picture may come smaller than it is in the file, by whole factors, with a longer side of at least so many
        pixels. That is faster and takes less memory.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    InvalidImage
        As in `make_working_copy`.
    """
    container = _checked(data, max_bytes, max_pixels)
    with _refusing(container.format):
        picture = _decoded(container, _fitted(container.size, draft_side))
        return _turned(in_srgb(picture, container), container.orientation)


def date_taken(data: bytes) -> datetime.date | None:
    """The day on which the picture in a file was made; None if its EXIF data does not say."""
    try:
        return read_day(read_container(data).exif)
    except InvalidImage:
        return None


def decode(jpeg: bytes) -> Rgb:
    """Decode a stored working copy: the same bits every time.

    Parameters
    ----------
    jpeg : bytes
        From `make_working_copy`.

    Returns
    -------
    uint8 ndarray, shape (H, W, 3)
        sRGB.

    Raises
    ------
    InvalidImage
        If the bytes are no such JPEG.
    """
    with _refusing("JPEG"):
        return np.array(JpegImageFile(io.BytesIO(jpeg)).convert("RGB"))


def _checked(data: bytes, max_bytes: int, max_pixels: int) -> Container:
    if len(data) > max_bytes:
        raise InvalidImage(f"The file has {len(data) / 2**20:.1f} MB; at most {max_bytes / 2**20:.1f} MB are allowed.")
    container = read_container(data)
    width, height = container.size
    if width * height > max_pixels:
        raise InvalidImage(
            f"The picture has {width * height / 1e6:,.1f} megapixels; at most {max_pixels / 1e6:,.1f} are allowed."
        )
    if max(width, height) > MAX_SIDE:
        raise InvalidImage(f"The picture is {max(width, height):,} pixels long; at most {MAX_SIDE:,} are allowed.")
    return container


@contextmanager
def _refusing(name: Format) -> Iterator[None]:
    """Turn any error of a decoder into a sentence; there is no end to their kinds."""
    try:
        yield
    except InvalidImage:
        raise
    except Exception as error:
        if "truncated" in str(error).lower():
            raise InvalidImage(INCOMPLETE) from error
        raise damaged(name) from error


def _fitted(size: tuple[int, int], long_side: int | None) -> tuple[int, int]:
    """A size whose longer side is at most `long_side`, and no side 0."""
    if long_side is None or max(size) <= long_side:
        return size
    width, height = (max(1, round(side * long_side / max(size))) for side in size)
    return width, height


def _decoded(container: Container, wanted: tuple[int, int]) -> Image.Image:
    """The picture in L, RGB or CMYK, on white, reduced by whole factors to no less than the wanted size."""
    picture = _DECODERS[container.format](io.BytesIO(container.stream))
    if picture.size != container.size:
        raise damaged(container.format)
    picture.draft(None, wanted)  # lets a JPEG decode at 1/2, 1/4 or 1/8; the others know no such thing
    picture.load()
    picture.info = transparency(picture, container.bit_depth)
    return _reduced(picture, wanted)


def _reduced(picture: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """Average whole blocks of pixels, leaving twice the wanted size for a good resampling filter."""
    width, height = picture.size
    across, down = max(1, width // (2 * wanted[0])), max(1, height // (2 * wanted[1]))
    if across == down == 1:
        return flattened(picture)
    rows = down * max(1, _BAND_PIXELS // (width * down))
    bands = [
        flattened(picture.crop((0, top, width, min(top + rows, height)))).reduce((across, down))
        for top in range(0, height, rows)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _turned(picture: Image.Image, orientation: int, quarter_turns: int = 0) -> Image.Image:
    """Turned by EXIF's orientation, then clockwise by quarters."""
    for turn in (_UPRIGHT.get(orientation), _CLOCKWISE.get(quarter_turns % 4)):
        if turn is not None:
            picture = picture.transpose(turn)
    return picture
