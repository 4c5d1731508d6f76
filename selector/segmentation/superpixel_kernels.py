"""The inner loop of `superpixels`; compiled as `compiled` says, and imported at the first call."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from selector.segmentation.compiled import LABELS, compiled


@compiled(types.void(LABELS, types.int64[:, ::1]))
def grow_boxes(labels: NDArray[np.uint16], boxes: NDArray[np.int64]) -> None:
    """Enlarge the boxes of superpixels so that they hold all their pixels.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixel 0..n-1 of every pixel.
    boxes : int64 ndarray, shape (n, 4)
        Left, top, right, bottom of each superpixel, ends excluded; changed in place.
    """
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            box = boxes[labels[y, x]]
            box[0], box[1] = min(box[0], x), min(box[1], y)
            box[2], box[3] = max(box[2], x + 1), max(box[3], y + 1)
