"""A region over a thumbnail or a photo: a veil outside, a light line around it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from selector.arrays import Labels, Mask, Members
from selector.rendering.layers import LIGHT_ALPHA
from selector.rendering.masks import mask_from_bits, sample_positions
from selector.rendering.png import BLACK, CLEAR, WHITE, palette_png

# Opacity of the veil, 0 to 255: how little of the picture shows outside a highlighted region.
VEIL_ALPHA = 150


def highlight_png(bits: bytes, width: int, height: int) -> bytes:
    """A stored region over a thumbnail: a dark veil outside it, a light line around it, clear inside.

    Parameters
    ----------
    bits : bytes
        From `masks.mask_bits`, with the default side.
    width, height : int
        Of the thumbnail, in pixels.

    Returns
    -------
    bytes
        PNG of `width` x `height` pixels with a palette: 0 veil, 1 clear, 2 light. The line is the outermost
        pixel of the region; along the frame of the picture there is none.
    """
    small = Image.fromarray(mask_from_bits(bits).view(np.uint8) * np.uint8(255))
    return _veil_png(np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) >= 128)


def portion_highlight_png(labels: Labels, selected: Members, width: int, height: int) -> bytes:
    """Selected superpixels over a thumbnail, in the look of `highlight_png` but exact.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    width, height : int
        Of the thumbnail, in pixels.

    Returns
    -------
    bytes
        PNG as from `highlight_png`.
    """
    rows, columns = sample_positions(labels.shape[0], height), sample_positions(labels.shape[1], width)
    return _veil_png(selected.take(labels[rows[:, None], columns]))


def _veil_png(inside: Mask) -> bytes:
    line = inside & ~_eroded(inside)
    indices = inside.view(np.uint8) + line.view(np.uint8)
    return palette_png(indices, [BLACK, BLACK, WHITE], [VEIL_ALPHA, CLEAR, LIGHT_ALPHA], 2)


def _eroded(mask: Mask) -> Mask:
    """The pixels whose four neighbours are set as well; beyond the frame everything counts as set."""
    framed = np.pad(mask, 1, constant_values=True)
    return mask & framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
