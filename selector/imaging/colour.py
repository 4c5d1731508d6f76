"""Decoded pictures brought to 8 bits a channel, onto white, and to sRGB."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from selector.imaging.colour_spaces import goes_before_profile, named_space
from selector.imaging.containers.container import MAX_PROFILE_BYTES, Container
from selector.imaging.deep_png import IS_SRGB

# Of each mode of Pillow, the colour space that its profiles are for.
_KINDS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# Tables for other intents than the perceptual one, and those of floats, which browsers do not read.
_OTHER_TABLES = (b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3")
_MAX_TAGS = 1000


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


def in_srgb(picture: Image.Image, container: Container) -> Image.Image:
    """A decoded picture, or a part of one, in RGB with 8 bits a channel, in sRGB, on white and without metadata.

    What a file says of its colours counts in the order of the PNG specification: cICP, profile, gamma and primaries.
    Elsewhere a profile goes before all. What is broken or unknown is passed over, as browsers do.
    """
    colours, alpha = _separated(picture)
    if not picture.info.get(IS_SRGB):
        colours = _converted(colours, container)
    colours = _on_white(colours, alpha)
    if colours.mode != "RGB":
        colours = colours.convert("RGB")
    colours.info = {}
    return colours


def flattened(picture: Image.Image) -> Image.Image:
    """The picture in L, RGB or CMYK with 8 bits a channel, in its own colours; what is transparent is white."""
    return _on_white(*_separated(picture))


def _on_white(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is None:
        return colours
    white = Image.new(colours.mode, colours.size, "white")
    white.paste(colours, mask=alpha)
    return white


def _separated(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours in L, RGB or CMYK with 8 bits a channel, and what covers the ground, if not all does."""
    key = picture.info.get("transparency")
    if picture.mode == "I;16":
        return _eight_bits(picture, key), None
    if key is None and picture.mode in ("L", "RGB", "CMYK"):
        return picture, None
    grey = picture.mode in ("1", "L", "LA")
    if key is None and picture.mode in ("1", "P"):
        return picture.convert("L" if grey else "RGB"), None
    layer = picture.convert("RGBA")
    return layer.convert("L" if grey else "RGB"), layer.getchannel("A")


def _eight_bits(picture: Image.Image, key: int | None) -> Image.Image:
    """A picture of 16 bits in L, with the transparent grey, if any, turned to white."""
    samples = np.asarray(picture)
    rounded = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if key is not None:
        rounded[samples == key] = 255
    return Image.fromarray(rounded)


def _converted(colours: Image.Image, container: Container) -> Image.Image:
    """A picture in L, RGB or CMYK brought to sRGB, in L or RGB."""
    converted = None if goes_before_profile(container) else _from_profile(colours, container.profile)
    space = named_space(container)
    if converted is None and space and colours.mode != "CMYK":
        converted = Image.fromarray(space.srgb(np.asarray(colours)))
    return converted or colours


def _from_profile(picture: Image.Image, icc: bytes) -> Image.Image | None:
    """The picture converted from an ICC profile to sRGB; None if it is broken. Those for other pictures do nothing."""
    kind = _kind(icc)
    if picture.mode == "L" and kind == "RGB":
        picture = picture.convert("RGB")
    if kind and kind != _KINDS[picture.mode]:
        return picture
    transform = _transform(icc, picture.mode) if kind else None
    try:
        return ImageCms.applyTransform(picture, transform) if transform else None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _kind(icc: bytes) -> str:
    """What a profile is for, such as "RGB"; empty if it is broken."""
    if not 0 < len(icc) <= MAX_PROFILE_BYTES:
        return ""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, ValueError):
        return ""


@lru_cache(maxsize=1)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From an ICC profile to sRGB; None if the profile is broken. Kept for the next strip.

    Browsers do not move the black point. Black ink on paper is not the black of a display.
    """
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(_perceptual_alone(icc))),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _perceptual_alone(icc: bytes) -> bytes:
    """A profile whose other tables are hidden if it has a perceptual one, which is the one that browsers use."""
    count = int.from_bytes(icc[128:132])
    table = icc[132 : 132 + 12 * min(count, _MAX_TAGS)]
    names = [table[start : start + 4] for start in range(0, len(table), 12)]
    if b"A2B0" not in names:
        return icc
    for index, name in enumerate(names):
        if name in _OTHER_TABLES:
            table = table[: 12 * index] + b"none" + table[12 * index + 4 :]
    return icc[:132] + table + icc[132 + len(table) :]
