"""Decoding the picture in a container: one decoder for each format, all errors as one, little memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from selector.imaging.colour import flattened, transparency
from selector.imaging.containers import INCOMPLETE, Container, Format, InvalidImage, damaged
from selector.imaging.plugins import decode_avif, decode_heif, decode_jpeg_xl
from selector.imaging.rows import factors, joined
from selector.imaging.webp import decode_still

# From a container and a wanted size to the picture as it is stored.
Decoder: TypeAlias = Callable[[Container, tuple[int, int]], Image.Image]


@contextmanager
def refusing(name: Format) -> Iterator[None]:
    """Turn any error of a decoder, of whose kinds there is no end, into a sentence; but not want of memory."""
    try:
        yield
    except (InvalidImage, MemoryError):
        raise
    except Exception as error:
        if "truncated" in str(error).lower():
            raise InvalidImage(INCOMPLETE) from error
        raise damaged(name) from error


def decoded(container: Container, wanted: tuple[int, int]) -> Image.Image:
    """The picture as it is stored, in any of Pillow's modes, perhaps reduced to no less than the wanted size."""
    return _DECODERS[container.format](container, wanted)


def _by_pillow(plugin: type[ImageFile.ImageFile]) -> Decoder:
    """The decoder of one of Pillow's formats, by its own name: nothing registers itself, nothing else is tried."""

    def decode(container: Container, wanted: tuple[int, int]) -> Image.Image:
        picture = plugin(io.BytesIO(container.stream))
        if picture.size != container.size:
            raise damaged(container.format)
        picture.draft(None, wanted)  # lets a JPEG decode at 1/2, 1/4 or 1/8; the others know no such thing
        picture.load()
        picture.info = transparency(picture, container.bit_depth)
        return picture

    return decode


def _webp(container: Container, wanted: tuple[int, int]) -> Image.Image:
    across, down = factors(container.size, wanted)
    reduced = -(-container.size[0] // across), -(-container.size[1] // down)
    still = decode_still(container.stream, container.size, reduced)
    return still if still is not None else _by_pillow(WebPImageFile)(container, wanted)


_DECODERS: dict[Format, Decoder] = {
    "JPEG": _by_pillow(JpegImageFile),
    "PNG": _by_pillow(PngImageFile),
    "WebP": _webp,
    "AVIF": decode_avif,
    "HEIF": decode_heif,
    "JPEG XL": decode_jpeg_xl,
}


def reduced(picture: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """The picture in L, RGB or CMYK, on white, reduced by averaging whole blocks of pixels.

    Twice the wanted size is left for a good resampling filter.
    """
    width, _ = picture.size
    if factors(picture.size, wanted) == (1, 1):
        return flattened(picture)
    return joined(picture.size, wanted, lambda top, bottom: picture.crop((0, top, width, bottom)))
