"""Decoded pictures brought to 8 bits a channel, onto white, and to sRGB."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from selector.imaging.containers.container import MAX_PROFILE_BYTES, Container


def transparency(picture: Image.Image, bit_depth: int) -> dict[str | tuple[int, int], Any]:
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


def flattened(picture: Image.Image) -> Image.Image:
    """The picture in L, RGB or CMYK with 8 bits a channel; what is transparent is white."""
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
    """A picture of 16 bits in L, with the transparent grey, if any, turned to white."""
    samples = np.asarray(picture)
    rounded = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if key is not None:
        rounded[samples == key] = 255
    return Image.fromarray(rounded)


def in_srgb(picture: Image.Image, container: Container) -> Image.Image:
    """The picture, `flattened`, in sRGB and without metadata.

    A profile that is broken or does not fit is ignored, as browsers do.
    """
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
    """The picture converted from an ICC profile to sRGB; None if that is not possible."""
    transform = _transform(icc, picture.mode)
    try:
        return ImageCms.applyTransform(picture, transform) if transform else None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From an ICC profile to sRGB; None if the profile is broken or for other pictures. Kept for the next strip."""
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _gamma_table(gamma: float) -> list[int]:
    """The sRGB sample of the same light, for each of 256 stored ones; the gamma of sRGB itself changes nothing."""
    if abs(gamma - 1 / 2.2) < 0.01:
        return list(range(256))
    light = (np.arange(256) / 255) ** (1 / gamma)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return [int(sample) for sample in np.round(255 * srgb)]
