"""Decoding the picture in a container: one decoder for each format, all errors as one, little memory."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from selector.imaging.colour import in_srgb, transparency
from selector.imaging.colour_spaces import goes_before_profile, named_space
from selector.imaging.containers import INCOMPLETE, Container, Format, InvalidImage, damaged
from selector.imaging.containers.jpeg import END
from selector.imaging.deep_png import decoded_in_srgb
from selector.imaging.jpeg_ends import decoded_to_its_end
from selector.imaging.mapped import mapped_picture
from selector.imaging.plugins import decode_avif, decode_heif, decode_jpeg_xl
from selector.imaging.tiff_picture import TiffPicture
from selector.imaging.turns import Box
from selector.imaging.webp import decode_still


class Pixels(Protocol):
    """A picture as it is stored, in any of Pillow's modes: an image, or what decodes its parts when asked for them."""

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def info(self) -> dict[str | tuple[int, int], Any]: ...

    def crop(self, box: Box) -> Image.Image: ...


# From a container and a wanted size to the picture as it is stored.
Decoder: TypeAlias = Callable[[Container, tuple[int, int]], Pixels]
# From so many pixels on, a picture in full size lies in a file.
MAPPED_PIXELS = 2**24
# In a picture's `info`: width and height of what is the picture, in its pixels, of which the last may be partly filled.
EXTENT = "extent"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Large pictures are brought to sRGB and reduced in bands of so many pixels, to save memory.
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
        if picture.size != container.stream_size:
            raise damaged(container.format)
        # Lets a JPEG decode at 1/2, 1/4 or 1/8; the others know no such thing.
        draft = picture.draft(None, wanted)
        picture.load()
        picture.info = transparency(picture, container.bit_depth)
        if draft:
            picture.info[EXTENT] = draft[1][2:]
        return picture

    return decode


def _deep_png(container: Container) -> Image.Image | None:
    """A picture of 16 bits a sample whose colours are not those of sRGB nor of a profile; None for all others."""
    if container.bit_depth != 16 or (container.profile and not goes_before_profile(container)):
        return None
    space = named_space(container)
    return decoded_in_srgb(container.stream, container.stream_size, space) if space else None


def _png(container: Container, wanted: tuple[int, int]) -> Image.Image:
    picture = _deep_png(container) or _by_pillow(PngImageFile)(container, wanted)
    if container.part is None:
        return picture
    # Of an animation's canvas that its first frame does not fill: what is beyond the edges of a picture is clear.
    left, top, *_ = container.part
    layer = picture.convert("RGBA")
    return layer.crop((-left, -top, container.size[0] - left, container.size[1] - top))


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
    frame = in_srgb(picture.crop(box), container)
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(frame, box)
    return canvas


def _webp(container: Container, wanted: tuple[int, int]) -> Pixels:
    across, down = _factors(container.size, wanted)
    reduced = -(-container.size[0] // across), -(-container.size[1] // down)
    still = decode_still(container.stream, container.size, reduced)
    return still if still is not None else _by_pillow(WebPImageFile)(container, wanted)


_DECODERS: dict[Format, Decoder] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WebP": _webp,
    "TIFF": lambda container, _wanted: TiffPicture(container),
    "GIF": _gif,
    "BMP": _by_pillow(BmpImageFile),
    "AVIF": decode_avif,
    "HEIF": decode_heif,
    "JPEG XL": decode_jpeg_xl,
}


def reduced(picture: Pixels, wanted: tuple[int, int], container: Container) -> Image.Image:
    """The decoded picture as `in_srgb` gives it, reduced by averaging whole blocks of pixels.

    Twice the wanted size is left for a good resampling filter. `info` has the extent of the picture: a last block that
    is not full ends beyond it.
    """
    width, height = picture.size
    extent = picture.info.get(EXTENT, picture.size)
    across, down = _factors(picture.size, wanted)
    if across == down == 1:
        whole = in_srgb(_whole(picture), container)
    else:
        whole = _joined(
            in_srgb(picture.crop((0, top, width, bottom)), container).reduce((across, down))
            for top, bottom in _bands(width, height, down)
        )
    whole.info[EXTENT] = extent[0] / across, extent[1] / down
    return whole


def _whole(picture: Pixels) -> Image.Image:
    """All of a picture, not copied where it is an image already."""
    return picture if isinstance(picture, Image.Image) else picture.crop((0, 0, *picture.size))


def _bands(width: int, height: int, down: int) -> Iterator[tuple[int, int]]:
    """First row, and the row after the last, of parts of a picture."""
    rows = down * max(1, BAND_PIXELS // (width * down))
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def _joined(bands: Iterable[Image.Image]) -> Image.Image:
    """Pictures of the same width, one below the other."""
    parts = list(bands)
    whole = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


def resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture from `reduced` in the wanted size, itself where it has that."""
    extent = picture.info.get(EXTENT, picture.size)
    if picture.size == size == extent:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, box=(0, 0, *extent))


def _factors(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """By how much a picture can be reduced to twice the wanted size."""
    return max(1, size[0] // (2 * wanted[0])), max(1, size[1] // (2 * wanted[1]))
