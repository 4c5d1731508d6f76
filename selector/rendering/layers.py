"""Layers over the photo on the stage: outlines of regions, tints of what is selected, and the veil over the rest."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Mask, Members
from selector.rendering.masks import region_mask
from selector.rendering.png import BLACK, CLEAR, OPAQUE, WHITE, Colour, deflated, encoded, palette_png

# A line that is seen on any photo: white, with a softer black one beside it.
LIGHT_ALPHA, DARK_ALPHA = 230, 170
# What is not selected: a grey that lifts black and lowers white, so that a black thing stands out as a white one does.
# The edge lies on the rest alone, light and then dark, and covers nothing of what is selected. The same values are in
# static/js/workspace/own_colours.js.
REST_GREY: Colour = (40, 40, 40)
REST_ALPHA, LIGHT_EDGE_ALPHA, DARK_EDGE_ALPHA = 153, 240, 204
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


def rest_png(labels: Labels, included: Members, excluded: Members) -> bytes:
    """A grey veil over all that is not included, with a light and a dark line around what is.

    Where nothing is included there is no rest: the veil lies over what is excluded alone. Laid over the photo twice,
    once blended by its saturation (which a grey has none of) and once as it is, it takes the rest its colours, too.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    included, excluded : bool ndarray, shape (n,)

    Returns
    -------
    bytes
        PNG of W x H pixels with a palette: 0 clear, 1 veil, 2 light, 3 dark.
    """
    inside = region_mask(labels, included)
    if not inside.any():
        indices = region_mask(labels, excluded).view(np.uint8)
    else:
        light = inside
        for _ in range(light_width(labels.shape)):
            light = _dilated(light)
        indices = np.where(_dilated(light), np.uint8(3), np.uint8(1))
        indices[light] = 2
        indices[inside] = 0
    alphas = [CLEAR, REST_ALPHA, LIGHT_EDGE_ALPHA, DARK_EDGE_ALPHA]
    return palette_png(indices, [BLACK, REST_GREY, WHITE, BLACK], alphas, 2)


def light_width(shape: tuple[int, ...]) -> int:
    """How wide the light line around a selection is, in pixels, so that it looks the same on photos of any size.

    Examples
    --------
    >>> light_width((683, 1024)), light_width((512, 512)), light_width((90, 60))
    (2, 1, 1)
    """
    return max(1, (max(shape) + 256) // 512)


def _dilated(mask: Mask) -> Mask:
    """The pixels of a mask and their eight neighbours."""
    wide = mask.copy()
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    tall = wide.copy()
    tall[1:] |= wide[:-1]
    tall[:-1] |= wide[1:]
    return tall


def _stripes(height: int) -> npt.NDArray[np.uint8]:
    """The byte that holds eight pixels of stripes, for each row: uint8 ``(height, 1)``.

    All bytes of a row are equal, as the stripes repeat every eight pixels; from row to row they move one
    pixel to the left.
    """
    shift = np.arange(height)[:, None] % 8
    return ((STRIPE << shift | STRIPE >> (8 - shift)) & 0xFF).astype(np.uint8)
