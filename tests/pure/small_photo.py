"""A photo of 5 x 4 pixels in three superpixels, and how its layers are read back."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from selector.arrays import Members

# Superpixel 1 is the square in the upper right, 2 the row below everything.
LABELS = np.array(
    [
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [2, 2, 2, 2, 2],
    ],
    np.uint16,
)
CUT = np.array([0, 1, 2], np.uint16)
BLUE = (0, 90, 200)

NOTHING = np.zeros(3, bool)

PHOTO = np.arange(60, dtype=np.uint8).reshape(4, 5, 3) + np.uint8(100)


def only(superpixel: int) -> Members:
    """One superpixel of three, bool (3,)."""
    return np.isin(np.arange(3), superpixel)


def indices(png: bytes) -> list[list[int]]:
    """The palette indices of the pixels of a PNG."""
    image = Image.open(io.BytesIO(png))
    assert image.mode == "P"
    return [list(row) for row in np.asarray(image)]
