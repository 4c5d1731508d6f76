"""Decoding the picture in a container: one decoder for each format, all errors as one, little memory."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, TypeAlias

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from selector.imaging.colour import flattened, transparency
from selector.imaging.containers import INCOMPLETE, Container, Format, InvalidImage, damaged
from selector.imaging.containers.jpeg import END
from selector.imaging.jpeg_ends import decoded_to_its_end
from selector.imaging.mapped import mapped_picture
from selector.imaging.tiff_picture import TiffPicture
from selector.imaging.turns import Box
from selector.imaging.webp import decode_still


class Pixels(Protocol):
    """A picture as it is stored, in any of Pillow's modes: an image, or what decodes its parts when asked for them."""

    @property
    def size(self) -> tuple[int, int]: ...

    def crop(self, box: Box) -> Image.Image: ...


# From a container and a wanted size to the picture as it is stored.
Decoder: TypeAlias = Callable[[Container, tuple[int, int]], Pixels]
# From so many pixels on, a picture in full size lies in a file.
MAPPED_PIXELS = 2**24
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Large pictures are brought to 8 bits on white and reduced in bands of so many pixels, to save memory.
BAND_PIXELS = 2**20


@contextmanager
def refusing(name: Format) -> Iterator[None]:
    """Turn any error of a decoder, of whose kinds there is no end, into a sentence; but not want of memory or disc."""
    try:
        yield
    except (InvalidImage, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise
        if "truncated" in str(error).lower():
            raise InvalidImage(INCOMPLETE) from error
        raise damaged(name) from error


def decoded(container: Container, wanted: tuple[int, int]) -> Pixels:
    """The picture as it is stored, in any of Pillow's modes, perhaps reduced to no less than the wanted size."""
    return _DECODERS[container.format](container, wanted)


def in_full_size(container: Container) -> Pixels:
    """The picture as it is stored, for parts of it: a large one lies in a file, as far as its format allows."""
    is_large = container.size[0] * container.size[1] >= MAPPED_PIXELS
    if container.format == "TIFF":
        picture = TiffPicture(container)
        return TiffPicture(container, mapped_picture(picture.mode, picture.size)) if is_large else picture
    if container.format == "JPEG" and is_large:
        # A file without its end was complete enough to be taken.
        jpeg = JpegImageFile(io.BytesIO(container.stream + END))
        if jpeg.size != container.size:
            raise damaged("JPEG")
        mapped = mapped_picture(jpeg.mode, jpeg.size)
        jpeg.im = mapped.im
        jpeg.load()
        return mapped
    return decoded(container, container.size)


def _by_pillow(plugin: type[ImageFile.ImageFile]) -> Callable[[Container, tuple[int, int]], Image.Image]:
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


def _jpeg(container: Container, wanted: tuple[int, int]) -> Image.Image:
    def decode(stream: bytes) -> Image.Image:
        return _by_pillow(JpegImageFile)(replace(container, stream=stream), wanted)

    if container.stream.endswith(END):
        return decode(container.stream)
    return decoded_to_its_end(container.stream, decode)


def _gif(container: Container, wanted: tuple[int, int]) -> Image.Image:
    picture = GifImageFile(io.BytesIO(container.stream))
    if picture.size != container.size:
        raise damaged("GIF")
    picture.load()
    box = picture.dispose_extent
    if box == (0, 0, *picture.size):
        return picture
    # What the first picture leaves free shows what is behind it, not the colour that Pillow fills it with.
    frame = flattened(picture.crop(box))
    canvas = Image.new(frame.mode, picture.size, "white")
    canvas.paste(frame, box)
    return canvas


def _webp(container: Container, wanted: tuple[int, int]) -> Pixels:
    across, down = _factors(container.size, wanted)
    reduced = -(-container.size[0] // across), -(-container.size[1] // down)
    still = decode_still(container.stream, container.size, reduced)
    return still if still is not None else _by_pillow(WebPImageFile)(container, wanted)


_DECODERS: dict[Format, Decoder] = {
    "JPEG": _jpeg,
    "PNG": _by_pillow(PngImageFile),
    "WebP": _webp,
    "TIFF": lambda container, _wanted: TiffPicture(container),
    "GIF": _gif,
    "BMP": _by_pillow(BmpImageFile),
}


def reduced(picture: Pixels, wanted: tuple[int, int]) -> Image.Image:
    """The picture in L, RGB or CMYK, on white, reduced by averaging whole blocks of pixels.

    Twice the wanted size is left for a good resampling filter.
    """
    width, height = picture.size
    across, down = _factors(picture.size, wanted)
    if across == down == 1:
        return flattened(picture.crop((0, 0, width, height)))
    rows = down * max(1, BAND_PIXELS // (width * down))
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


def _factors(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """By how much a picture can be reduced to twice the wanted size."""
    return max(1, size[0] // (2 * wanted[0])), max(1, size[1] // (2 * wanted[1]))
