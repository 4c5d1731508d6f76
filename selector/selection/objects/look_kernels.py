"""The inner loop of `look`: where superpixels touch, and how much the photo changes there."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from selector.segmentation.compiled import LABELS, compiled

SIGNATURE = types.int64(types.float32[:, :, ::1], LABELS, types.int64[::1], types.float64[:, ::1])


@compiled(SIGNATURE)
def sum_borders(
    lab: NDArray[np.float32], labels: NDArray[np.uint16], keys: NDArray[np.int64], sums: NDArray[np.float64]
) -> int:
    """Add up along how many pixels every two labels touch, and the distances in colour across, in a hash table.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    labels : uint16 ndarray, shape (H, W)
    keys : int64 ndarray, shape (slots,)
        The two labels of a slot, ``smaller << 16 | larger``; -1 where it is empty, as all must be at first. The
        number of slots is a power of two.
    sums : float64 ndarray, shape (slots, 2)
        Zeros, to which pixels and distances are added.

    Returns
    -------
    int
        How many slots are taken; -1 as soon as more than half are.
    """
    height, width = labels.shape
    mask, taken = keys.shape[0] - 1, 0
    for y in range(height):
        for x in range(width):
            one = np.int64(labels[y, x])
            for below in range(2):
                y1, x1 = (y + 1, x) if below else (y, x + 1)
                if y1 == height or x1 == width or labels[y1, x1] == one:
                    continue
                other = np.int64(labels[y1, x1])
                key = min(one, other) << 16 | max(one, other)
                slot = (key * 0x9E3779B1 >> 15) & mask
                while keys[slot] != key:
                    if keys[slot] < 0:
                        keys[slot] = key
                        taken += 1
                        if 2 * taken > mask:
                            return -1
                    else:
                        slot = (slot + 1) & mask
                squared = 0.0
                for plane in range(3):
                    squared += np.float64(lab[plane, y, x] - lab[plane, y1, x1]) ** 2
                sums[slot, 0] += 1
                sums[slot, 1] += np.sqrt(squared)
    return taken


@compiled(types.void(types.float32[:, :, ::1], LABELS, types.float64[:, ::1]))
def sum_looks(lab: NDArray[np.float32], labels: NDArray[np.uint16], sums: NDArray[np.float64]) -> None:
    """Add up size, place and colour of every superpixel.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    labels : uint16 ndarray, shape (H, W)
    sums : float64 ndarray, shape (n, 7)
        Zeros, to which pixels, x, y, L, a, b and L squared are added; x and y of pixels' centres.
    """
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            total = sums[labels[y, x]]
            lightness = np.float64(lab[0, y, x])
            total[0] += 1
            total[1] += x + 0.5
            total[2] += y + 0.5
            total[3] += lightness
            total[4] += lab[1, y, x]
            total[5] += lab[2, y, x]
            total[6] += lightness * lightness
