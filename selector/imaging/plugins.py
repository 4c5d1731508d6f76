"""AVIF by the decoder in Pillow, HEIC and JPEG XL by packages that a site may have or not (the extra more-formats).

They are used at their lower level: as plugins of Pillow they would hold each picture twice more.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from selector.imaging.colour import in_srgb
from selector.imaging.containers import Container, damaged
from selector.imaging.rows import Rows

Size = tuple[int, int]
# Work is shared among children, not within one.
N_THREADS = 1


def decode_avif(container: Container, _wanted: Size) -> Rows:
    """An AVIF picture."""
    from PIL import _avif

    decoder = _avif.AvifDecoder(container.stream, "auto", N_THREADS)
    (width, height), _, mode, *_ = decoder.get_info()
    pixels = decoder.get_frame(0)[0]
    del decoder  # with the planes that the pixels were made of
    if container.size[0] > width or container.size[1] > height:
        raise damaged("AVIF")
    return Rows(pixels, mode, container.size, len(pixels) // height)


def decode_heif(container: Container, _wanted: Size) -> Rows:
    """A HEIC picture."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = N_THREADS
    heif = pillow_heif.open_heif(io.BytesIO(container.stream), remove_stride=False)
    if heif.size != container.size:
        raise damaged("HEIF")
    pixels = heif.data
    if heif.size != container.size:  # Known for sure when it is decoded.
        raise damaged("HEIF")
    return Rows(pixels, heif.mode, container.size, heif.stride)


def decode_jpeg_xl(container: Container, _wanted: Size) -> Rows:
    """A JPEG XL picture in sRGB."""
    import pillow_jxl

    _, info, pixels, profile, _ = pillow_jxl.Decoder(num_threads=0)(container.stream)
    if (info.width, info.height) != container.size:
        raise damaged("JPEG XL")
    # Which colours it gives is the decoder's choice, so they are brought to sRGB at once.
    of_pixels = replace(container, profile=b"" if _SRGB in (profile or b"") else profile or b"")
    finish = partial(in_srgb, container=of_pixels)
    mode, stride = info.mode, len(pixels) // info.height
    if mode in _FLOATS:
        pixels, mode, stride = _eight_bits(pixels, _FLOATS[mode]), "L", info.width
    return Rows(pixels, mode, container.size, stride, finish)


# In a profile of the decoder's: primaries and transfer of sRGB, which most pictures have.
_SRGB = b"cicp\0\0\0\0\1\x0d"
# Grey pictures of numbers from 0 to 1.
_FLOATS: dict[str, np.dtype[Any]] = {"F": np.dtype("<f4"), "F;16": np.dtype("<f2")}


def _eight_bits(pixels: bytes, kind: np.dtype[Any]) -> bytes:
    samples = np.frombuffer(pixels, kind)
    return bytes((np.nan_to_num(samples).clip(0, 1) * 255).round().astype(np.uint8))
