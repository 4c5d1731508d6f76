"""Still WebP pictures, decoded by libwebp itself and, if wanted, reduced meanwhile.

Pillow decodes every WebP as an animation: 16 bytes a pixel, 640 MB for 40 megapixels. libwebp alone needs 4 (lossless)
or less, and what is left when it reduces a picture while it decodes. It is the library that comes with Pillow, or the
system's; without one, Pillow decodes.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from pathlib import Path
from typing import Final

import PIL
from PIL import Image

from selector.imaging.containers import INCOMPLETE, InvalidImage, damaged

# Structures and numbers of webp/decode.h; only the upper byte of the version has to be the library's.
_VERSION: Final = 0x0209
_OUT_OF_MEMORY, _SUSPENDED, _NOT_ENOUGH_DATA = 1, 5, 7
_RGBA: Final = 1


class _Features(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("width", "height", "has_alpha", "has_animation", "format")),
        ("padding", ctypes.c_uint32 * 5),
    ]


class _Pixels(ctypes.Structure):
    # In a union with planes of brightness and colour: four addresses, four strides, four sizes.
    _fields_ = [
        ("address", ctypes.c_void_p),
        ("stride", ctypes.c_int),
        ("size", ctypes.c_size_t),
        ("planes", ctypes.c_byte * 56),
    ]


class _Output(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("colours", "width", "height", "is_ours")),
        ("pixels", _Pixels),
        ("padding", ctypes.c_uint32 * 4),
        ("private_memory", ctypes.c_void_p),
    ]


class _Options(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("bypass_filtering", "no_fancy_upsampling")),
        *((name, ctypes.c_int) for name in ("crops", "left", "top", "crop_width", "crop_height")),
        *((name, ctypes.c_int) for name in ("scales", "width", "height")),
        *((name, ctypes.c_int) for name in ("threads", "dithering", "flip", "alpha_dithering")),
        ("padding", ctypes.c_uint32 * 5),
    ]


class _Config(ctypes.Structure):
    _fields_ = [("input", _Features), ("output", _Output), ("options", _Options)]


def decode_still(stream: bytes, size: tuple[int, int], reduced: tuple[int, int]) -> Image.Image | None:
    """A still WebP picture.

    Parameters
    ----------
    stream : bytes
        The file.
    size : (width, height)
        What its container says.
    reduced : (width, height)
        What is wanted, no larger. Pixels are averaged by area.

    Returns
    -------
    PIL.Image.Image or None
        In RGBA; None if it is an animation, or there is no libwebp of a kind that is known here.

    Raises
    ------
    InvalidImage
        If it is incomplete, damaged, or of another size.
    """
    library = _library()
    config = _Config()
    if library is None or not library.WebPInitDecoderConfigInternal(ctypes.byref(config), _VERSION):
        return None
    _check(library.WebPGetFeaturesInternal(stream, len(stream), ctypes.byref(config.input), _VERSION))
    if config.input.has_animation:
        return None
    if (config.input.width, config.input.height) != size:
        raise damaged("WebP")
    width, height = reduced
    rgba = bytearray(4 * width * height)
    memory = (ctypes.c_char * len(rgba)).from_buffer(rgba)
    config.output.colours, config.output.is_ours = _RGBA, 1
    config.output.pixels = _Pixels(ctypes.addressof(memory), 4 * width, len(rgba))
    if reduced != size:
        config.options.scales, config.options.width, config.options.height = 1, width, height
    _check(library.WebPDecode(stream, len(stream), ctypes.byref(config)))
    return Image.frombuffer("RGBA", reduced, rgba, "raw", "RGBA", 0, 1)


def _check(status: int) -> None:
    """Raise what a status of libwebp says, unless that is success."""
    if status == _OUT_OF_MEMORY:
        raise MemoryError
    if status in (_SUSPENDED, _NOT_ENOUGH_DATA):
        raise InvalidImage(INCOMPLETE)
    if status:
        raise damaged("WebP")


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    """The libwebp that Pillow's wheel brings along, or the system's."""
    beside_pillow = Path(PIL.__file__).parent.parent / "pillow.libs"
    names = [*(str(path) for path in beside_pillow.glob("libwebp-*.so*")), ctypes.util.find_library("webp")]
    for name in filter(None, names):
        try:
            library = ctypes.CDLL(name)
            library.WebPDecode.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
            library.WebPGetFeaturesInternal.argtypes = [
                *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int)
            ]
            return library
        except (OSError, AttributeError):
            continue
    return None
