"""Keypoints of a picture: places that look the same when a thing stands elsewhere, larger, turned or in another light.

They are SIFT's, compared as RootSIFT: Euclidean distances between square roots of histograms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.arrays import Floats, Mask, Rgb

MOST = 600
"""Of a picture of the collection, so many keypoints are kept."""

MOST_ASKED = 1000
"""The same of a selection, which is not stored."""

# Around a selection, so many pixels are looked at as well: what is near the edge has a neighbourhood.
MARGIN = 24
# How places are stored: x and y to 1/32 of a pixel, sizes to 1/64, angles to 1/10,000 of a radian.
STEPS = np.array([32, 32, 64, 10_000], np.float32)
# A picture, or what was selected on it, is looked at with so many pixels on its long side at most: a larger one has
# mostly smaller keypoints, and takes longer. SIFT needs a few pixels at all.
LONG_SIDE, SMALLEST = 640, 12
# Twice as large as it is, a picture would have more keypoints, and take five times as long.
UPSAMPLING = 1


@dataclass(frozen=True)
class Keypoints:
    """Keypoints, the largest first.

    Attributes
    ----------
    places : float32 (k, 4)
        x and y in pixels, size in pixels, and direction in radians, from the x axis toward the y axis.
    descriptors : uint8 (k, 128)
        The square roots of histograms whose sum is 1, times 255.
    """

    places: Floats
    descriptors: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.places)

    def pack(self) -> bytes:
        """All of it as bytes: 136 a keypoint."""
        steps = np.clip(np.round(self.places * STEPS), 0, np.iinfo("<u2").max).astype("<u2")
        return steps.tobytes() + self.descriptors.tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Keypoints:
        """The keypoints that `pack` made bytes of."""
        count = len(data) // (8 + 128)
        steps = np.frombuffer(data, "<u2", 4 * count).reshape(-1, 4)
        return cls((steps / STEPS).astype(np.float32), np.frombuffer(data, np.uint8, offset=8 * count).reshape(-1, 128))


NONE = Keypoints(np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8))


def keypoints_of(rgb: Rgb, inside: Mask | None = None, most: int = MOST) -> Keypoints:
    """Find the keypoints of a picture, or of a selection on it.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        In sRGB.
    inside : bool ndarray, shape (H, W), optional
        Where they may lie; by default anywhere.
    most : int
        How many are kept, the largest: there are few of them, and they are found again in most pictures.

    Returns
    -------
    Keypoints
        None of a picture without contrast.

    References
    ----------
    .. [1] D. G. Lowe, "Distinctive image features from scale-invariant keypoints", International Journal of Computer
           Vision 60 (2), 2004.
    .. [2] R. Arandjelović, A. Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
    """
    top, left, bottom, right = (0, 0, *rgb.shape[:2]) if inside is None else _box(inside)
    picture = Image.fromarray(rgb[top:bottom, left:right]).convert("L")
    size = picture.size
    if min(size) < SMALLEST:
        return NONE
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    places, descriptors = _sift((np.asarray(picture) / 255).astype(np.float32))
    scale = size[0] / picture.width
    places[:, :3] *= scale
    places[:, :2] += (left + (scale - 1) / 2, top + (scale - 1) / 2)
    if inside is not None:
        rows, columns = (places[:, (1, 0)] + 0.5).astype(np.intp).T
        within = inside[rows.clip(0, inside.shape[0] - 1), columns.clip(0, inside.shape[1] - 1)]
        places, descriptors = places[within], descriptors[within]
    order = np.argsort(-places[:, 2], kind="stable")[:most]
    return Keypoints(places[order], descriptors[order])


def _sift(grey: Floats) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Places and descriptors, as `Keypoints` has them, of a picture from 0 to 1, float32 (H, W)."""
    from skimage.feature import SIFT

    sift = SIFT(upsampling=UPSAMPLING)
    try:
        sift.detect_and_extract(grey)
    except RuntimeError:
        # That is how it says that there is nothing.
        return NONE.places.copy(), NONE.descriptors
    # Its directions go from the axis of rows toward that of columns.
    directions = (np.pi / 2 - sift.orientations) % (2 * np.pi)
    places = np.column_stack([sift.positions[:, ::-1], sift.sigmas, directions]).astype(np.float32)
    histograms = sift.descriptors.astype(np.float32)
    shares = histograms / np.maximum(histograms.sum(axis=1, keepdims=True), 1)
    return places, np.round(255 * np.sqrt(shares)).astype(np.uint8)


def _box(inside: Mask) -> tuple[int, int, int, int]:
    """The box around a mask with a margin: top, left, bottom, right; empty where the mask is."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    top, left = (max(int(first) - MARGIN, 0) for first in (rows[0], columns[0]))
    return top, left, min(int(rows[-1]) + MARGIN, len(inside)), min(int(columns[-1]) + MARGIN, inside.shape[1])
