"""The inner loops of the descriptors, in Numba.

They are compiled as `selector.segmentation.compiled` says, and imported at the first call.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import float32, types

from selector.arrays import Floats, Labels
from selector.segmentation.compiled import LABELS, compiled

Ints = npt.NDArray[np.int32]

_PLANES = types.Array(types.float32, 3, "C")

# Sums up the merge tree and over the cells of a feature map --------------------------------------------------------


@compiled(types.void(types.Array(types.uint16, 1, "C", readonly=True), types.float32[:, ::1]))
def add_up(parents: Labels, sums: Floats) -> None:
    """Add the row of each node but the root to the row of its parent, children first.

    Parameters
    ----------
    parents : uint16 ndarray, shape (nodes,)
        Merge tree: the parent of each node, children come before parents.
    sums : float32 ndarray, shape (nodes, F)
        The rows of superpixels hold their features, all other rows zeros. Changed in place: the row of a node becomes
        the sum over the superpixels below it.
    """
    for node in range(parents.shape[0] - 1):
        row, parent = sums[node], sums[parents[node]]
        for i in range(row.shape[0]):
            parent[i] += row[i]


@compiled(types.float32[:, ::1](LABELS, types.int64, types.int64, types.int64))
def cell_shares(labels: Labels, n_superpixels: int, rows: int, columns: int) -> Floats:
    """Measure how much of each superpixel falls to each cell of a map that is enlarged to the image.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixel of each pixel.
    n_superpixels : int
        The number n of superpixels.
    rows, columns : int
        Size of the map.

    Returns
    -------
    float32 ndarray, shape (n, rows * columns)
        A pixel is shared by the four cells around it (bilinear, edges repeat); all shares add up to 1.
    """
    height, width = labels.shape
    shares = np.zeros((n_superpixels, rows * columns), np.float32)
    pixel = float32(1 / (height * width))
    lefts, across = np.empty(width, np.int32), np.empty(width, np.float32)
    for x in range(width):
        u = min(max((x + 0.5) * columns / width - 0.5, 0.0), columns - 1.0)
        lefts[x] = int(u)
        across[x] = float32(u - lefts[x])
    for y in range(height):
        v = min(max((y + 0.5) * rows / height - 0.5, 0.0), rows - 1.0)
        top = int(v)
        bottom = min(top + 1, rows - 1)
        lower = pixel * float32(v - top)
        upper = pixel - lower
        x = 0
        while x < width:
            # Pixels of one superpixel between the same cells are written together.
            label, left = labels[y, x], lefts[x]
            count, to_right = float32(0), float32(0)
            while x < width and labels[y, x] == label and lefts[x] == left:
                count += float32(1)
                to_right += across[x]
                x += 1
            to_left = count - to_right
            right = min(left + 1, columns - 1)
            share = shares[label]
            share[top * columns + left] += upper * to_left
            share[top * columns + right] += upper * to_right
            share[bottom * columns + left] += lower * to_left
            share[bottom * columns + right] += lower * to_right
    return shares


# Histograms of colour and texture ----------------------------------------------------------------------------------


@compiled("void(f4[:,::1], i8, f4[:,::1])")
def box_blur(plane: Floats, radius: int, out: Floats) -> None:
    """Average a plane over squares; edges repeat.

    Parameters
    ----------
    plane : float32 ndarray, shape (H, W)
    radius : int
        The squares have sides of 2 `radius` + 1 pixels.
    out : float32 ndarray, shape (H, W)
        Filled with the averages; another array than `plane`.
    """
    height, width = plane.shape
    share = float32(1 / (2 * radius + 1) ** 2)
    sums = np.zeros(width, np.float64)
    for y in range(-radius, radius + 1):
        sums += plane[min(max(y, 0), height - 1)]
    for y in range(height):
        total = 0.0
        for x in range(-radius, radius + 1):
            total += sums[min(max(x, 0), width - 1)]
        for x in range(width):
            out[y, x] = float32(total) * share
            total += sums[min(x + radius + 1, width - 1)] - sums[max(x - radius, 0)]
        entering, leaving = plane[min(y + radius + 1, height - 1)], plane[max(y - radius, 0)]
        for x in range(width):
            sums[x] += entering[x] - leaving[x]


@compiled("i8(f4[:,::1], i8, i8, i8, f4)")
def _pattern(plane: Floats, y: int, x: int, radius: int, margin: float) -> int:
    """Which of the eight neighbours of a pixel are brighter by `margin`: a bit each, in a circle."""
    up, down = max(y - radius, 0), min(y + radius, plane.shape[0] - 1)
    left, right = max(x - radius, 0), min(x + radius, plane.shape[1] - 1)
    level = plane[y, x] + margin
    bits = int(plane[up, left] > level) | int(plane[up, x] > level) << 1 | int(plane[up, right] > level) << 2
    bits |= int(plane[y, right] > level) << 3 | int(plane[down, right] > level) << 4
    bits |= int(plane[down, x] > level) << 5 | int(plane[down, left] > level) << 6
    return bits | int(plane[y, left] > level) << 7


@compiled("i8(f4[:,::1], i8, i8, f4)")
def _direction(plane: Floats, y: int, x: int, flat: float) -> int:
    """Direction of the gradient in eighths of a half turn, 0..7; 8 where two pixels differ by less than `flat`."""
    across = plane[y, min(x + 1, plane.shape[1] - 1)] - plane[y, max(x - 1, 0)]
    along = plane[min(y + 1, plane.shape[0] - 1), x] - plane[max(y - 1, 0), x]
    if across * across + along * along < flat * flat:
        return 8
    if along < 0:
        across, along = -across, -along
    reach = abs(across)
    # The tangents of 1, 3, 5 and 7 sixteenths of a half turn.
    step = int(along > float32(0.19891) * reach) + int(along > float32(0.66818) * reach)
    step += int(along > float32(1.49661) * reach) + int(along > float32(5.02734) * reach)
    return step if across >= 0 else (8 - step) % 8


@compiled("i8(f4, i8)")
def _quarters(position: float, n_bins: int) -> int:
    """Where a value that runs from 0 to 1 lies among the centres of `n_bins`, in quarters of a bin."""
    return int(min(max(position, float32(0)), float32(1)) * float32(4 * (n_bins - 1)) + float32(0.5))


@compiled("f4(f4)")
def _opponent(value: float) -> float:
    """Bring a* or b* into 0..1, finest around grey."""
    position: float = float32(0.5) + float32(0.6) * value / (abs(value) + float32(20))
    return position


@compiled("i8(i8, i8, i8, i8, i4[::1], i4[::1])")
def _share_colour(light: int, red: int, yellow: int, n_chroma: int, bins: Ints, weights: Ints) -> int:
    """Share a count of 64 among the eight bins around a colour (in quarters of a bin); returns how many got any."""
    n = 0
    for corner in range(8):
        i, j, k = corner >> 2, corner >> 1 & 1, corner & 1
        weight = (light & 3) if i else 4 - (light & 3)
        weight *= (red & 3) if j else 4 - (red & 3)
        weight *= (yellow & 3) if k else 4 - (yellow & 3)
        if weight:
            bins[n] = (((light >> 2) + i) * n_chroma + (red >> 2) + j) * n_chroma + (yellow >> 2) + k
            weights[n] = weight
            n += 1
    return n


@compiled("void(i4[::1], i4[::1], i8, i8, f4[::1])")
def _add_counts(bins: Ints, weights: Ints, n: int, times: int, counts: Floats) -> None:
    """Add the first `n` weights, `times` over, to their bins."""
    for i in range(n):
        counts[bins[i]] += float32(weights[i] * times)


@compiled(types.void(_PLANES, _PLANES, LABELS, types.int64, types.int32[::1], types.int32[::1], types.float32[:, ::1]))
def count_histograms(
    lab: Floats, blurred: Floats, labels: Labels, factor: int, sizes: Ints, uniform: Ints, counts: Floats
) -> None:
    """Count every pixel's colour, two patterns and pair of directions in the histograms of its superpixel.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, h, w)
        CIELAB of the image reduced by `factor`: each pixel counts for all the pixels of the image that it covers.
    blurred : float32 ndarray, shape (2, h, w)
        Lightness, blurred a little and a lot.
    labels : uint16 ndarray, shape (H, W)
        Superpixel of each pixel of the image.
    factor : int
        Pixels of the image along a side of a pixel of `lab`.
    sizes : int32 ndarray, shape (4,)
        Bins of lightness, of each chroma, of patterns, and of directions.
    uniform : int32 ndarray, shape (256,)
        The bin of each pattern.
    counts : float32 ndarray, shape (n, bins)
        The histograms of each superpixel, side by side; added to in place.
    """
    height, width = lab.shape[1:]
    n_light, n_chroma, n_patterns, n_directions = sizes
    first_pattern = n_light * n_chroma * n_chroma
    sharp, fine, coarse = lab[0], blurred[0], blurred[1]
    bins, weights = np.empty(11, np.int32), np.empty(11, np.int32)
    for y in range(height):
        for x in range(width):
            light = _quarters(sharp[y, x] * float32(0.01), n_light)
            red, yellow = _quarters(_opponent(lab[1, y, x]), n_chroma), _quarters(_opponent(lab[2, y, x]), n_chroma)
            n = _share_colour(light, red, yellow, n_chroma, bins, weights) + 3
            bins[n - 3] = first_pattern + uniform[_pattern(sharp, y, x, 1, float32(0.5))]
            bins[n - 2] = first_pattern + n_patterns + uniform[_pattern(fine, y, x, 2, float32(0.5))]
            pair = _direction(fine, y, x, float32(1.6)) * n_directions + _direction(coarse, y, x, float32(0.8))
            bins[n - 1] = first_pattern + 2 * n_patterns + pair
            weights[n - 3 : n] = 1
            first, alike = labels[y * factor, x * factor], 0
            for row in range(y * factor, min((y + 1) * factor, labels.shape[0])):
                for column in range(x * factor, min((x + 1) * factor, labels.shape[1])):
                    if labels[row, column] == first:
                        alike += 1
                    else:
                        _add_counts(bins, weights, n, 1, counts[labels[row, column]])
            _add_counts(bins, weights, n, alike, counts[first])
