"""The inner loops of `slic`: blur, reduction, assignment and update."""

import numpy as np
from numba import float32
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]
Ints = NDArray[np.int32]


@compiled("void(f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f4[::1])")
def _binomial(first: Floats, second: Floats, third: Floats, fourth: Floats, fifth: Floats, out: Floats) -> None:
    """Fill `out` with 1, 4, 6, 4, 1 sixteenths of five rows of equal length."""
    for x in range(out.shape[0]):
        outer = float32(0.0625) * (first[x] + fifth[x])
        inner = float32(0.25) * (second[x] + fourth[x])
        out[x] = outer + (inner + float32(0.375) * third[x])


@compiled("void(f4[:,::1], f4[:,::1])")
def blur(plane: Floats, out: Floats) -> None:
    """Blur a plane by 1, 4, 6, 4, 1 sixteenths both ways: a Gaussian of sigma 1. Edges repeat.

    Parameters
    ----------
    plane : float32 ndarray, shape (H, W)
    out : float32 ndarray, shape (H, W)
        Filled in.
    """
    height, width = plane.shape
    padded = np.empty(width + 4, np.float32)
    rows = np.empty((5, width), np.float32)  # the last five rows, blurred along x
    for y in range(height + 2):
        if y < height:
            padded[:2], padded[2 : width + 2], padded[width + 2 :] = plane[y, 0], plane[y], plane[y, width - 1]
            _binomial(padded[:width], padded[1:-3], padded[2:-2], padded[3:-1], padded[4:], rows[y % 5])
        if y >= 2:
            above, far_above = max(y - 3, 0) % 5, max(y - 4, 0) % 5
            below, far_below = min(y - 1, height - 1) % 5, min(y, height - 1) % 5
            _binomial(rows[far_above], rows[above], rows[(y - 2) % 5], rows[below], rows[far_below], out[y - 2])


@compiled("void(f4[:,::1], f4[:,::1])")
def halve(plane: Floats, half: Floats) -> None:
    """Average every 2 x 2 pixels into one. Odd edges repeat.

    Parameters
    ----------
    plane : float32 ndarray, shape (H, W)
    half : float32 ndarray, shape (ceil(H / 2), ceil(W / 2))
        Filled in.
    """
    height, width = plane.shape
    for y in range(half.shape[0]):
        upper, lower, out = plane[2 * y], plane[min(2 * y + 1, height - 1)], half[y]
        for x in range(width // 2):
            out[x] = float32(0.25) * ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]))
        if width % 2:
            out[width // 2] = float32(0.5) * (upper[width - 1] + lower[width - 1])


@compiled("void(f4[:,:,::1], f4[:,::1], f4, f4, f4, f4[:,::1], i4[:,::1])")
def assign(
    lab: Floats, centres: Floats, reach_y: float, reach_x: float, weight: float, distance: Floats, labels: Ints
) -> None:
    """Give every pixel the label of the nearest centre within reach; beyond the reach of all it keeps its label.

    The squared distance is that in colour plus `weight` times that in the image.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    centres : float32 ndarray, shape (n, 5)
        L, a, b, y and x of each.
    reach_y, reach_x : float
        In pixels, up and down and to either side of a centre.
    weight : float
    distance : float32 ndarray, shape (H, W)
        Scratch space.
    labels : int32 ndarray, shape (H, W)
        Changed.
    """
    height, width = labels.shape
    distance[:] = np.float32(np.inf)
    for k in range(centres.shape[0]):
        cl, ca, cb, cy, cx = centres[k]
        y0, y1 = max(int(cy - reach_y), 0), min(int(cy + reach_y) + 2, height)
        x0, x1 = max(int(cx - reach_x), 0), min(int(cx + reach_x) + 2, width)
        label = np.int32(k)
        for row in range(y0, y1):
            dy = float32(row) - cy
            across = dy * dy * weight
            row_l, row_a, row_b = lab[0, row, x0:x1], lab[1, row, x0:x1], lab[2, row, x0:x1]
            best, best_label = distance[row, x0:x1], labels[row, x0:x1]
            for i in range(x1 - x0):
                dl, da, db = row_l[i] - cl, row_a[i] - ca, row_b[i] - cb
                dx = float32(np.int32(i)) + (float32(x0) - cx)
                d = dl * dl + da * da + db * db + (dx * dx * weight + across)
                # Both are read before either is written: only so does LLVM use vector instructions.
                old, old_label = best[i], best_label[i]
                best_label[i] = label if d < old else old_label
                best[i] = d if d < old else old


@compiled("void(f4[:,:,::1], i4[:,::1], f8[:,::1], f4[:,::1])")
def update(lab: Floats, labels: Ints, sums: Sums, centres: Floats) -> None:
    """Move each centre to the mean of its pixels; one without pixels stays.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    labels : int32 ndarray, shape (H, W)
    sums : float64 ndarray, shape (n, 6)
        Scratch space.
    centres : float32 ndarray, shape (n, 5)
        L, a, b, y and x of each, changed.
    """
    sums[:] = 0.0
    height, width = labels.shape
    for y in range(height):
        row, row_l, row_a, row_b = labels[y], lab[0, y], lab[1, y], lab[2, y]
        end = 0
        while end < width:
            k, begin = row[end], end
            lightness, a, b = float32(0), float32(0), float32(0)
            while end < width and row[end] == k:
                lightness, a, b = lightness + row_l[end], a + row_a[end], b + row_b[end]
                end += 1
            total, count = sums[k], end - begin
            total[0], total[1], total[2] = total[0] + lightness, total[1] + a, total[2] + b
            total[3] += y * count
            total[4] += (begin + end - 1) * count * 0.5
            total[5] += count
    for k in range(centres.shape[0]):
        if sums[k, 5] > 0:
            for i in range(5):
                centres[k, i] = sums[k, i] / sums[k, 5]


@compiled("f4(f4[:,:,::1], i8, i8, f4[:,::1], f4, i4)")
def _distance(lab: Floats, y: int, x: int, centres: Floats, weight: float, k: int) -> float:
    """Squared distance of the pixel at (y, x) from centre k."""
    dl, da, db = lab[0, y, x] - centres[k, 0], lab[1, y, x] - centres[k, 1], lab[2, y, x] - centres[k, 2]
    dy, dx = float32(y) - centres[k, 3], float32(x) - centres[k, 4]
    distance: float = dl * dl + da * da + db * db + (dy * dy + dx * dx) * weight
    return distance


@compiled("void(f4[:,:,::1], f4[:,::1], f4, i4[:,::1], i4[:,::1])")
def refine(lab: Floats, centres: Floats, weight: float, half: Ints, labels: Ints) -> None:
    """Assign at twice the resolution: each pixel to the nearest of the four labels around its place in `half`.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    centres : float32 ndarray, shape (n, 5)
        L, a, b, y and x of each.
    weight : float
        Of a squared pixel, beside squared CIELAB units.
    half : int32 ndarray, shape (ceil(H / 2), ceil(W / 2))
        Labels at half the resolution.
    labels : int32 ndarray, shape (H, W)
        Filled in.
    """
    height, width = labels.shape
    for y in range(height):
        out, row = labels[y], half[y >> 1]
        other_row = half[min(max((y >> 1) - 1 + 2 * (y & 1), 0), half.shape[0] - 1)]
        for x in range(width):
            column = x >> 1
            other_column = min(max(column - 1 + 2 * (x & 1), 0), half.shape[1] - 1)
            k, second, third, fourth = row[column], row[other_column], other_row[column], other_row[other_column]
            out[x] = k
            if (k != second) | (k != third) | (k != fourth):
                best = _distance(lab, y, x, centres, weight, k)
                for other in (second, third, fourth):
                    if other != k:
                        d = _distance(lab, y, x, centres, weight, other)
                        if d < best:
                            best, out[x] = d, other
