"""What is known of an image file before it is decoded, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from selector.imaging.exif import read_orientation
from selector.imaging.xmp import read_xmp_orientation

Format: TypeAlias = Literal["JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "AVIF", "HEIF", "JPEG XL"]
MEDIA_TYPES: dict[Format, str] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WebP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "JPEG XL": "image/jxl",
}

# The largest profiles in use, for printing presses, have some 3 MB.
MAX_PROFILE_BYTES = 2**22
# Far beyond any real file of PNG's and RIFF's kind: a 20 MB PNG has some 2,500 chunks, a WebP fewer than 10.
MAX_CHUNKS = 50_000

INCOMPLETE = "The file is incomplete: it ends before the picture does."


class InvalidImage(ValueError):
    """The bytes are no picture this site can use; its text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Container:
    """What is known of an image file before it is decoded.

    Attributes
    ----------
    format : {"JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "AVIF", "HEIF", "JPEG XL"}
    size : (width, height)
        As stored, before turning upright; both at least 1.
    stream : bytes
        A file of the same format with the picture alone.
    exif : bytes
        Unchecked, for `selector.imaging.exif` to read; empty if there is none.
    profile : bytes
        An ICC profile, unchecked; empty if there is none.
    gamma : float or None
        Of a PNG that names its gamma and no colour space.
    bit_depth : int
        Of a PNG's samples; 8 for the others.
    turned : int or None
        The orientation, 1 to 8, where the format itself says it; None where EXIF does.
    cicp : (primaries, transfer, matrix, full range) or None
        Numbers of ITU-T H.273: of cICP in a PNG, of nclx in AVIF and HEIC.
    chromaticities : tuple of float or None
        x and y of white, red, green and blue, of a PNG that has no better colour space.
    dots_per_metre : (across, down) or None
        As stored, before turning upright.
    peak : float or None
        The brightest light of an HDR picture, in cd/m², if it says so.
    xmp : bytes
        An XMP packet, unchecked; empty if there is none.
    part : (left, top, width, height) or None
        Where on the canvas the picture in the stream belongs, if it does not fill it.
    n_pictures : int
        Pages in the file, of which the first is shown.
    is_decoded_in_pieces : bool
        Whether a decoder needs little memory for it, however large it is.
    media_type : str
        Of the file, where its format does not say it: a camera's raw file is shown by the JPEG in it.
    coded_size : (width, height) or None
        Of what is decoded, where only a part of that is shown.
    most_pixels : int or None
        As many as its decoder can do in the memory there is, where that may be fewer than the site allows.
    """

    format: Format
    size: tuple[int, int]
    stream: bytes
    exif: bytes = b""
    profile: bytes = b""
    gamma: float | None = None
    bit_depth: int = 8
    turned: int | None = None
    cicp: tuple[int, int, int, int] | None = None
    chromaticities: tuple[float, ...] | None = None
    dots_per_metre: tuple[float, float] | None = None
    peak: float | None = None
    xmp: bytes = b""
    part: tuple[int, int, int, int] | None = None
    n_pictures: int = 1
    is_decoded_in_pieces: bool = False
    media_type: str = ""
    coded_size: tuple[int, int] | None = None
    most_pixels: int | None = None

    @property
    def mime(self) -> str:
        """The media type of the file, such as "image/jpeg"."""
        return self.media_type or MEDIA_TYPES[self.format]

    @property
    def orientation(self) -> int:
        """1 to 8, as in EXIF."""
        return self.turned or read_orientation(self.exif) or read_xmp_orientation(self.xmp) or 1

    @property
    def stream_size(self) -> tuple[int, int]:
        """Width and height of the picture in the stream."""
        return self.part[2:] if self.part else self.size


def ends_after(share: float) -> str:
    """The sentence for a file of which a share of the picture is there.

    Examples
    --------
    >>> ends_after(0.629)
    'The file ends after 62% of the picture.'
    """
    return f"The file ends after {int(100 * share)}% of the picture."


def damaged(name: Format) -> InvalidImage:
    """The error for a file whose picture cannot be read."""
    return InvalidImage(f"The file is damaged and cannot be read as a {name} picture.")
