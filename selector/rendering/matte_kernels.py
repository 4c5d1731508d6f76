"""Inner loops of the guided filter in `matte`. Values of the photo and of the mask are from 0 to 1.

Sums over square windows are made of sums over their columns, which are made once for all windows of a row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import types

from selector.segmentation.compiled import IMAGE, compiled

BYTES = types.Array(types.uint8, 2, "C", readonly=True)
FLAGS = types.Array(types.boolean, 2, "C")
PLANES = types.Array(types.float32, 3, "C")
# What is summed over a window in `fit`: the mask, r g b, their products with the mask, and their products.
SUMS = 13


@compiled(types.void(BYTES, types.int64, FLAGS))
def mark_near(mask: npt.NDArray[np.uint8], radius: int, near: npt.NDArray[np.bool_]) -> None:
    """Mark the pixels in whose window the mask is neither everything nor nothing.

    Parameters
    ----------
    mask : uint8 ndarray, shape (H, W)
        1 inside, 0 outside.
    radius : int
        Of the windows, in pixels.
    near : bool ndarray, shape (H, W)
        Where to mark them.
    """
    height, width = mask.shape
    for y in range(height):
        for x in range(width):
            if x + 1 < width and mask[y, x] != mask[y, x + 1]:
                left, right = max(0, x + 1 - radius), min(width, x + 1 + radius)
                near[max(0, y - radius) : y + radius + 1, left:right] = True
            if y + 1 < height and mask[y, x] != mask[y + 1, x]:
                top, bottom = max(0, y + 1 - radius), min(height, y + 1 + radius)
                near[top:bottom, max(0, x - radius) : x + radius + 1] = True


@compiled(types.void(IMAGE, BYTES, FLAGS, types.int64, types.float64, PLANES))
def fit(
    rgb: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.uint8],
    near: npt.NDArray[np.bool_],
    radius: int,
    epsilon: float,
    lines: npt.NDArray[np.float32],
) -> None:
    """For each pixel near the edge, the mask as a linear function of the colours in the window around it.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    mask : uint8 ndarray, shape (H, W)
        1 inside, 0 outside.
    near : bool ndarray, shape (H, W)
    radius : int
        Of the windows, in pixels.
    epsilon : float
        Added to the variances of the colours.
    lines : float32 ndarray, shape (H, W, 4)
        Where to write the factors of red, green and blue, and the constant.
    """
    height, width = mask.shape
    columns, m = np.zeros((width, SUMS)), np.zeros(SUMS)
    for y in range(height):
        top, bottom = max(0, y - radius), min(height, y + radius + 1)
        summed = 0
        for x in range(width):
            if not near[y, x]:
                lines[y, x, 3] = mask[y, x]
                continue
            left, right = max(0, x - radius), min(width, x + radius + 1)
            for u in range(max(left, summed), right):
                columns[u] = 0.0
                for v in range(top, bottom):
                    r, g, b = rgb[v, u, 0] / 255.0, rgb[v, u, 1] / 255.0, rgb[v, u, 2] / 255.0
                    columns[u, 1] += r
                    columns[u, 2] += g
                    columns[u, 3] += b
                    columns[u, 7] += r * r
                    columns[u, 8] += r * g
                    columns[u, 9] += r * b
                    columns[u, 10] += g * g
                    columns[u, 11] += g * b
                    columns[u, 12] += b * b
                    if mask[v, u]:
                        columns[u, 0] += 1.0
                        columns[u, 4] += r
                        columns[u, 5] += g
                        columns[u, 6] += b
            summed = right
            m[:] = 0.0
            for u in range(left, right):
                for i in range(SUMS):
                    m[i] += columns[u, i]
            m /= (right - left) * (bottom - top)
            p, r, g, b = m[0], m[1], m[2], m[3]
            # What is asked for is S a = c, with S the covariance of the colours and c theirs with the mask.
            c0, c1, c2 = m[4] - r * p, m[5] - g * p, m[6] - b * p
            s00, s01, s02 = m[7] - r * r + epsilon, m[8] - r * g, m[9] - r * b
            s11, s12, s22 = m[10] - g * g + epsilon, m[11] - g * b, m[12] - b * b + epsilon
            i00, i01, i02 = s11 * s22 - s12 * s12, s02 * s12 - s01 * s22, s01 * s12 - s02 * s11
            i11, i12, i22 = s00 * s22 - s02 * s02, s02 * s01 - s00 * s12, s00 * s11 - s01 * s01
            determinant = s00 * i00 + s01 * i01 + s02 * i02
            a0 = (i00 * c0 + i01 * c1 + i02 * c2) / determinant
            a1 = (i01 * c0 + i11 * c1 + i12 * c2) / determinant
            a2 = (i02 * c0 + i12 * c1 + i22 * c2) / determinant
            lines[y, x, 0] = a0
            lines[y, x, 1] = a1
            lines[y, x, 2] = a2
            lines[y, x, 3] = p - a0 * r - a1 * g - a2 * b


@compiled(types.void(IMAGE, PLANES, FLAGS, types.int64, types.float64, types.uint8[:, ::1]))
def apply(
    rgb: npt.NDArray[np.uint8],
    lines: npt.NDArray[np.float32],
    near: npt.NDArray[np.bool_],
    radius: int,
    steepness: float,
    alpha: npt.NDArray[np.uint8],
) -> None:
    """For each pixel near the edge, what the functions of the windows that hold it say on average, as 0 to 255.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    lines : float32 ndarray, shape (H, W, 4)
        From `fit`.
    near : bool ndarray, shape (H, W)
    radius : int
        Of the windows, in pixels.
    steepness : float
        By which values are stretched around one half.
    alpha : uint8 ndarray, shape (H, W)
        Where to write.
    """
    height, width = near.shape
    columns = np.zeros((width, 4))
    for y in range(height):
        top, bottom = max(0, y - radius), min(height, y + radius + 1)
        summed = 0
        for x in range(width):
            if not near[y, x]:
                continue
            left, right = max(0, x - radius), min(width, x + radius + 1)
            for u in range(max(left, summed), right):
                columns[u] = 0.0
                for v in range(top, bottom):
                    for i in range(4):
                        columns[u, i] += lines[v, u, i]
            summed = right
            value = 0.0
            for u in range(left, right):
                colours = columns[u, 0] * rgb[y, x, 0] + columns[u, 1] * rgb[y, x, 1] + columns[u, 2] * rgb[y, x, 2]
                value += colours / 255.0 + columns[u, 3]
            value = (value / ((right - left) * (bottom - top)) - 0.5) * steepness + 0.5
            alpha[y, x] = np.uint8(255.0 * min(max(value, 0.0), 1.0) + 0.5)
