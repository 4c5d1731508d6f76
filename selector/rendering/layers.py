"""Layers over the photo on the stage: outlines of regions, and tints of what is selected."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Members
from selector.rendering.masks import region_mask
from selector.rendering.png import BLACK, CLEAR, OPAQUE, WHITE, Colour, deflated, encoded, palette_png

# A line that is seen on any photo: white, with a softer black one beside it.
LIGHT_ALPHA, DARK_ALPHA = 230, 170
# Four pixels of stripe, four of gap: the period fills a byte, see `_stripes`.
STRIPE = 0b11110000


def outline_png(labels: Labels, cut: Cut) -> bytes:
    """The borders between regions: a light line one pixel wide, a dark one beside it, clear elsewhere.

    The light line is the last pixel left of or above a border, the dark one the first pixel right of or below
    it, so that the border itself runs between the two; where they would meet, light wins.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixel of every pixel.
    cut : uint16 ndarray, shape (n,)
        Region of every superpixel.

    Returns
    -------
    bytes
        PNG of W x H pixels with a palette: 0 clear, 1 light, 2 dark.
    """
    regions = cut.take(labels)
    light, dark = np.zeros(labels.shape, bool), np.zeros(labels.shape, bool)
    right, below = regions[:, 1:] != regions[:, :-1], regions[1:] != regions[:-1]
    light[:, :-1] |= right
    light[:-1] |= below
    dark[:, 1:] |= right
    dark[1:] |= below
    indices = light.view(np.uint8) + 2 * (dark & ~light).view(np.uint8)
    return palette_png(indices, [BLACK, WHITE, BLACK], [CLEAR, LIGHT_ALPHA, DARK_ALPHA], 2)


def tint_png(labels: Labels, selected: Members, colour: Colour, *, striped: bool = False) -> bytes:
    """The selected superpixels in one opaque colour, all else clear; the page sets the opacity.

    Without stripes it serves as a CSS mask too.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    colour : (red, green, blue)
        Each 0 to 255.
    striped : bool, optional
        In diagonal bands of four pixels, for people who cannot tell this colour from another.

    Returns
    -------
    bytes
        PNG of W x H pixels with 1 bit each: 0 clear, 1 `colour`.
    """
    packed = np.packbits(region_mask(labels, selected), axis=1)
    if striped:
        packed &= _stripes(len(packed))
    return encoded(labels.shape, deflated(packed, zlib.Z_DEFAULT_STRATEGY), [BLACK, colour], [CLEAR, OPAQUE], 1)


def _stripes(height: int) -> npt.NDArray[np.uint8]:
    """The byte that holds eight pixels of stripes, for each row: uint8 ``(height, 1)``.

    All bytes of a row are equal, as the stripes repeat every eight pixels; from row to row they move one
    pixel to the left.
    """
    shift = np.arange(height)[:, None] % 8
    return ((STRIPE << shift | STRIPE >> (8 - shift)) & 0xFF).astype(np.uint8)
