"""From the bytes of an uploaded file to a photo: upright, sRGB, checked and stripped.

Files come from strangers. What a file says of itself is checked before anything is decoded
(`selector.imaging.containers`), the decoders see the picture alone, and each of their errors becomes an `InvalidImage`
with one sentence for the person who uploaded the file.
"""

from __future__ import annotations

import datetime
import hashlib
import io
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from selector.arrays import Rgb
from selector.imaging.containers import Container, InvalidImage, read_container
from selector.imaging.decoders import decoded, reduced, refusing, resized
from selector.imaging.exif import read_day
from selector.imaging.turns import Turning

__all__ = [
    "InvalidImage",
    "Pixels",
    "WorkingCopy",
    "checked",
    "date_taken",
    "decode",
    "make_working_copy",
    "read_pixels",
    "told_apart",
    "upright_size",
]

# What a JPEG can have at most; a few pixels wide and millions high only serves to keep a decoder busy.
MAX_SIDE = 65_535
BAND_BYTES = 2**17
_IN_PIECES = "in a plain JPEG (not progressive) or a TIFF of strips or tiles"


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
    original_size : (width, height)
        Of the original, upright by EXIF, in pixels.
    dots_per_metre : (across, down) or None
        Of the original file, turned upright as the working copy is; None if it does not say.
    millimetres : (width, height) or None
        What the picture measures by that.
    n_pictures : int
        Pages of the original file, of which this is the first.
    """

    jpeg: bytes
    width: int
    height: int
    mime: str
    sha256: str
    original_size: tuple[int, int]
    dots_per_metre: tuple[float, float] | None = None
    millimetres: tuple[float, float] | None = None
    n_pictures: int = 1

    @property
    def working_sha256(self) -> str:
        """The SHA-256 of the working copy itself, in hexadecimal digits."""
        return hashlib.sha256(self.jpeg).hexdigest()


def make_working_copy(
    data: bytes,
    *,
    max_bytes: int,
    max_pixels: int,
    max_large_pixels: int = 0,
    long_side: int = 1024,
    quarter_turns: int = 0,
) -> WorkingCopy:
    """Read an image file and make the working copy of it.

    Parameters
    ----------
    data : bytes
        The file.
    max_bytes, max_pixels : int
        A file with more is refused, by its header, before anything is decoded.
    max_large_pixels : int, optional
        How many a picture may have that is decoded in pieces, if these are more.
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
    container = checked(data, max_bytes, max_pixels, max_large_pixels)
    size = _fitted(container.size, long_side)
    with refusing(container.format):
        turning = Turning(container.orientation, quarter_turns)
        picture = turning.picture(resized(reduced(decoded(container, size), size, container), size))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, subsampling=0)
    return WorkingCopy(
        jpeg=out.getvalue(),
        width=picture.width,
        height=picture.height,
        mime=container.mime,
        sha256=hashlib.sha256(data).hexdigest(),
        original_size=Turning(container.orientation).size(container.size),
        n_pictures=container.n_pictures,
        **_measures(container, turning),
    )


@dataclass(frozen=True)
class Pixels:
    """A picture as it was in a file.

    Attributes
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB, upright by EXIF.
    original_size : (width, height)
        In the file, upright.
    """

    rgb: Rgb
    original_size: tuple[int, int]


def read_pixels(
    data: bytes, *, max_bytes: int, max_pixels: int, max_large_pixels: int = 0, long_side: int | None = None
) -> Pixels:
    """Read an image file, without making a copy to keep.

    Parameters are those of `make_working_copy`; without `long_side` the picture keeps its size.

    Raises
    ------
    InvalidImage
        As in `make_working_copy`.
    """
    container = checked(data, max_bytes, max_pixels, max_large_pixels)
    size = _fitted(container.size, long_side)
    turning = Turning(container.orientation)
    with refusing(container.format):
        picture = turning.picture(resized(reduced(decoded(container, size), size, container), size))
        return Pixels(_array(picture), turning.size(container.size))


def _array(picture: Image.Image) -> Rgb:
    """The pixels of a picture in RGB, in bands: Pillow copies twice what it gives at once."""
    rgb = np.empty((picture.height, picture.width, 3), np.uint8)
    rows = max(1, BAND_BYTES // (3 * picture.width))
    for top in range(0, picture.height, rows):
        rgb[top : top + rows] = np.asarray(picture.crop((0, top, picture.width, min(top + rows, picture.height))))
    return rgb


def upright_size(data: bytes, *, max_bytes: int, max_pixels: int, max_large_pixels: int = 0) -> tuple[int, int]:
    """Width and height of the picture in a file, upright by EXIF; nothing is decoded.

    Raises
    ------
    InvalidImage
        As in `make_working_copy`.
    """
    container = checked(data, max_bytes, max_pixels, max_large_pixels)
    return Turning(container.orientation).size(container.size)


class _Measures(TypedDict, total=False):
    dots_per_metre: tuple[float, float]
    millimetres: tuple[float, float]


def _measures(container: Container, turning: Turning) -> _Measures:
    """Dots per metre and millimetres, across and down, of the turned picture; neither if its file says none."""
    if container.dots_per_metre is None:
        return {}
    across, down = turning.size(container.dots_per_metre)
    width, height = turning.size(container.size)
    return {"dots_per_metre": (across, down), "millimetres": (1000 * width / across, 1000 * height / down)}


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
    with refusing("JPEG"):
        return np.array(JpegImageFile(io.BytesIO(jpeg)).convert("RGB"))


def checked(data: bytes, max_bytes: int, max_pixels: int, max_large_pixels: int = 0) -> Container:
    """The container of a file that keeps within the limits; `InvalidImage` otherwise.

    Parameters are those of `make_working_copy`.
    """
    if len(data) > max_bytes:
        count, most = told_apart(len(data) / 2**20, max_bytes / 2**20)
        raise InvalidImage(f"The file has {count} MB; at most {most} MB are allowed.")
    container = read_container(data)
    width, height = container.coded_size or container.size
    if container.most_pixels is not None and container.most_pixels < width * height <= max_pixels:
        count, most = told_apart(width * height / 1e6, container.most_pixels / 1e6)
        raise InvalidImage(
            f"This {container.format} picture has {count} megapixels; at most {most} are allowed in this format."
        )
    allowed = max(max_pixels, max_large_pixels) if container.is_decoded_in_pieces else max_pixels
    if width * height > allowed:
        count, most = told_apart(width * height / 1e6, allowed / 1e6)
        larger = f", or {max_large_pixels / 1e6:,.1f} {_IN_PIECES}" if max_large_pixels > allowed else ""
        raise InvalidImage(f"The picture has {count} megapixels; at most {most} are allowed{larger}.")
    if max(width, height) > MAX_SIDE:
        raise InvalidImage(f"The picture is {max(width, height):,} pixels long; at most {MAX_SIDE:,} are allowed.")
    return container


def told_apart(number: float, limit: float) -> tuple[str, str]:
    """A number and the limit that it exceeds, with one decimal, or with as many as it takes to see that it does.

    Examples
    --------
    >>> told_apart(60, 40)
    ('60.0', '40.0')
    >>> told_apart(40.000001, 40)
    ('40.000001', '40.000000')
    """
    for decimals in range(1, 10):
        texts = f"{number:,.{decimals}f}", f"{limit:,.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts


def _fitted(size: tuple[int, int], long_side: int | None) -> tuple[int, int]:
    """A size whose longer side is at most `long_side`, and no side 0."""
    if long_side is None or max(size) <= long_side:
        return size
    width, height = (max(1, round(side * long_side / max(size))) for side in size)
    return width, height
