"""From the bytes of an uploaded file to a photo: upright, sRGB, checked and stripped.

Files come from strangers. What a file claims is checked before anything is decoded (`selector.containers`),
the decoders see the picture alone, and whatever they trip over becomes an `InvalidImage` with one sentence
for the person who uploaded it.
"""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from selector.imaging.containers import (
    INCOMPLETE,
    MAX_PROFILE_BYTES,
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
    jpeg : the working copy, without metadata
    width, height : its size in pixels
    mime : the media type of the original file
    sha256 : of the original file, in hexadecimal digits
    """

    jpeg: bytes
    width: int
    height: int
    mime: str
    sha256: str

    @property
    def working_sha256(self) -> str:
        """Of the working copy itself, in hexadecimal digits."""
        return hashlib.sha256(self.jpeg).hexdigest()


def make_working_copy(
    data: bytes, *, max_bytes: int, max_pixels: int, long_side: int = 1024, quarter_turns: int = 0
) -> WorkingCopy:
    """Read a JPEG, PNG or WebP file and make the working copy from it.

    Parameters
    ----------
    data : the file
    max_bytes, max_pixels : what is more is refused, from the header, before anything is decoded
    long_side : the longer side of the working copy; smaller pictures keep their size
    quarter_turns : turn clockwise by so many quarters, after EXIF has turned the picture upright

    Returns
    -------
    WorkingCopy, a JPEG of quality 92 without chroma subsampling

    Raises
    ------
    InvalidImage
        When the bytes are no such picture, or too much of one.
    """
    container = _checked(data, max_bytes, max_pixels)
    size = _fitted(container.size, long_side)
    with _refusing(container.format):
        picture = _decoded(container, size).resize(size, Image.Resampling.LANCZOS)
        picture = _turned(_in_srgb(picture, container), container.orientation, quarter_turns)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, subsampling=0)
    return WorkingCopy(out.getvalue(), *picture.size, container.mime, hashlib.sha256(data).hexdigest())


def read_upright(data: bytes, *, max_bytes: int, max_pixels: int, draft_side: int | None = None) -> Image.Image:
    """Read a JPEG, PNG or WebP file as an upright RGB picture in sRGB, without metadata.

    With `draft_side` the picture may come smaller than it is in the file, by whole factors, which is faster
    and takes less memory; its longer side stays at least so long. Raises `InvalidImage` as
    `make_working_copy` does.
    """
    container = _checked(data, max_bytes, max_pixels)
    with _refusing(container.format):
        picture = _decoded(container, _fitted(container.size, draft_side))
        return _turned(_in_srgb(picture, container), container.orientation)


def date_taken(data: bytes) -> datetime.date | None:
    """The day on which the picture in a file was made, where its EXIF data says so."""
    try:
        return read_day(read_container(data).exif)
    except InvalidImage:
        return None


def decode(jpeg: bytes) -> npt.NDArray[np.uint8]:
    """Decode a stored working copy: uint8 ``(H, W, 3)``, the same bits every time."""
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
    """Turn whatever a decoder trips over into a sentence; there is no end to the kinds of exceptions."""
    try:
        yield
    except InvalidImage:
        raise
    except Exception as error:
        if "truncated" in str(error).lower():
            raise InvalidImage(INCOMPLETE) from error
        raise damaged(name) from error


# Size


def _fitted(size: tuple[int, int], long_side: int | None) -> tuple[int, int]:
    """The size with the longer side brought down to `long_side`, and no side to nothing."""
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
    picture.info = _transparency(picture, container.bit_depth)
    return _reduced(picture, wanted)


def _reduced(picture: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """Average whole blocks of pixels, leaving twice the wanted size for a good resampling filter."""
    width, height = picture.size
    across, down = max(1, width // (2 * wanted[0])), max(1, height // (2 * wanted[1]))
    if across == down == 1:
        return _flattened(picture)
    rows = down * max(1, _BAND_PIXELS // (width * down))
    bands = [
        _flattened(picture.crop((0, top, width, min(top + rows, height)))).reduce((across, down))
        for top in range(0, height, rows)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


# Transparency and depth


def _transparency(picture: Image.Image, bit_depth: int) -> dict[str | tuple[int, int], Any]:
    """The transparent colour or palette entries of a PNG, in the units of the decoded picture.

    Pillow gives a colour as the file has it, but samples of 2 and 4 bits, and of 16 in RGB, decoded to 8.
    """
    key = picture.info.get("transparency")
    if key is None:
        return {}
    if picture.mode == "L" and bit_depth < 8:
        key = key * 255 // (2**bit_depth - 1)
    if picture.mode == "RGB" and bit_depth == 16:
        key = tuple(sample >> 8 for sample in key)
    return {"transparency": key}


def _flattened(picture: Image.Image) -> Image.Image:
    """L, RGB or CMYK with 8 bits a channel; what is transparent shows white."""
    key = picture.info.get("transparency")
    if picture.mode == "I;16":
        return _eight_bits(picture, key)
    if key is None and picture.mode in ("L", "RGB", "CMYK"):
        return picture
    grey = picture.mode in ("1", "L", "LA")
    if key is None and picture.mode in ("1", "P"):
        return picture.convert("L" if grey else "RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(layer, mask=layer)
    return white.convert("L") if grey else white


def _eight_bits(picture: Image.Image, key: int | None) -> Image.Image:
    samples = np.asarray(picture)
    rounded = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if key is not None:
        rounded[samples == key] = 255
    return Image.fromarray(rounded)


# Colour


def _in_srgb(picture: Image.Image, container: Container) -> Image.Image:
    """RGB in sRGB, without metadata; a broken or unfitting profile is ignored, as browsers do."""
    converted: Image.Image | None = None
    if 0 < len(container.profile) <= MAX_PROFILE_BYTES:
        converted = _from_profile(picture, container.profile)
    elif container.gamma is not None and picture.mode in ("L", "RGB"):
        picture = picture.point(_gamma_table(container.gamma) * len(picture.getbands()))
    if converted is None:
        converted = picture.convert("RGB")
    converted.info = {}
    return converted


def _from_profile(picture: Image.Image, icc: bytes) -> Image.Image | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            picture.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return ImageCms.applyTransform(picture, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _gamma_table(gamma: float) -> list[int]:
    """For each stored sample the sRGB sample of the same light; the gamma of sRGB itself changes nothing."""
    if abs(gamma - 1 / 2.2) < 0.01:
        return list(range(256))
    light = (np.arange(256) / 255) ** (1 / gamma)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return [int(sample) for sample in np.round(255 * srgb)]


# Orientation


def _turned(picture: Image.Image, orientation: int, quarter_turns: int = 0) -> Image.Image:
    for turn in (_UPRIGHT.get(orientation), _CLOCKWISE.get(quarter_turns % 4)):
        if turn is not None:
            picture = picture.transpose(turn)
    return picture
