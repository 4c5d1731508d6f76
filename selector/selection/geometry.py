"""From points on the stage to superpixels and pixels.

Coordinates are ``(x, y)`` in pixels of the working copy, from its upper left corner; the pixel in column ``c`` covers
``c <= x < c + 1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Mask

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = Sequence[Point] | npt.NDArray[np.floating[Any]]

# No hand draws more in one go, and work and memory grow with the points times the size of the image.
MAX_POINTS = 2000


def superpixels_at(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    """The superpixel under each point.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    points : sequence of k (x, y) with ``0 <= x < W`` and ``0 <= y < H``

    Returns
    -------
    intp ndarray, shape (k,)

    Raises
    ------
    ValueError
        For a point outside the image, no point at all, or more than `MAX_POINTS`.

    Examples
    --------
    >>> import numpy as np
    >>> superpixels_at(np.array([[0, 0, 1]], np.uint16), [(2.5, 0), (0, 0.9)])
    array([1, 0])
    """
    return _look_up(labels, _checked_points(points, labels.shape))


def superpixels_under_line(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    """The superpixels under a line through points, some of them more than once.

    Each piece of the line from p to q is looked at in ``k = max(1, ceil(2 * max(|dx|, |dy|)))`` steps, at
    ``p + (q - p) * i / k`` for i = 0..k: twice in every pixel it crosses.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    points : sequence of (x, y) with ``0 <= x < W`` and ``0 <= y < H``
        One point is a line of its own.

    Returns
    -------
    intp ndarray, shape (m,)
        In the order of the line.

    Raises
    ------
    ValueError
        As in `superpixels_at`.
    """
    line = _checked_points(points, labels.shape)
    if len(line) == 1:
        return _look_up(labels, line)
    starts, spans = line[:-1], np.diff(line, axis=0)
    steps = np.maximum(1, np.ceil(2 * np.abs(spans).max(axis=1))).astype(np.intp)
    segment, step = _ranges(steps + 1)
    return _look_up(labels, starts[segment] + spans[segment] * (step / steps[segment])[:, None])


def polygon_mask(polygon: Points, height: int, width: int) -> Mask:
    """The pixels whose centres a polygon winds around (nonzero rule).

    Parameters
    ----------
    polygon : sequence of (x, y) with ``0 <= x <= width`` and ``0 <= y <= height``
        Its corners; the last is joined to the first.
    height, width : int
        Of the image.

    Returns
    -------
    bool ndarray, shape (height, width)

    Raises
    ------
    ValueError
        For a corner outside the image, no corner at all, or more than `MAX_POINTS`.

    Notes
    -----
    Each edge leaves, in every row of pixel centres it crosses, +1 or -1 at the first centre to its right; the
    running sum along the row is the winding number.

    Examples
    --------
    >>> polygon_mask([(0, 0), (3, 0), (0, 3)], 3, 3).astype(int)
    array([[1, 1, 0],
           [1, 0, 0],
           [0, 0, 0]])
    """
    corners = _checked_points(polygon, (height, width), closed=True)
    starts, ends = corners, np.roll(corners, -1, axis=0)
    first = np.ceil(np.minimum(starts[:, 1], ends[:, 1]) - 0.5).astype(np.intp)
    last = np.ceil(np.maximum(starts[:, 1], ends[:, 1]) - 0.5).astype(np.intp)
    edge, step = _ranges(last - first)
    rows = first[edge] + step
    (x0, y0), (x1, y1) = starts[edge].T, ends[edge].T
    crossings = x0 + (x1 - x0) * (rows + 0.5 - y0) / (y1 - y0)
    columns = np.ceil(crossings - 0.5).astype(np.intp).clip(0, width)
    inside = np.zeros((height, width), bool)
    if len(rows):
        # Before the first crossing and behind the last one nothing is inside: of a small polygon that is most.
        top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max()
        winding = np.zeros((bottom - top, right - left + 1), np.int32)
        np.add.at(winding, (rows - top, columns - left), np.where(y1 > y0, 1, -1))
        inside[top:bottom, left:right] = np.cumsum(winding[:, :-1], axis=1, out=winding[:, :-1]) != 0
    return inside


def _look_up(labels: Labels, points: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """The superpixels under points that lie in the image, (k,)."""
    height, width = labels.shape
    # A point computed between two others may be rounded up to the edge itself.
    columns, rows = np.minimum(points.astype(np.intp), (width - 1, height - 1)).T
    ids: npt.NDArray[np.intp] = labels[rows, columns].astype(np.intp)
    return ids


def _ranges(lengths: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Count through several ranges at once: which range, and how far in it, e.g. [2, 1] -> 0 0 1, 0 1 0."""
    owner = np.repeat(np.arange(lengths.size), lengths)
    return owner, np.arange(owner.size) - (np.cumsum(lengths) - lengths)[owner]


def _checked_points(points: Points, shape: tuple[int, ...], closed: bool = False) -> npt.NDArray[np.float64]:
    """The points as an array (k, 2); ValueError if one lies outside. The far edges are inside if `closed`."""
    coordinates = np.asarray(points, np.float64)
    if coordinates.ndim != 2 or coordinates.shape[1] != 2 or not 1 <= len(coordinates) <= MAX_POINTS:
        raise ValueError(f"A gesture has 1 to {MAX_POINTS} points, each with an x and a y.")
    size = np.array(shape[::-1], np.float64)
    below = coordinates <= size if closed else coordinates < size
    # Written so that NaN, which compares as false, is refused too.
    if not np.all((coordinates >= 0) & below):
        raise ValueError("A point lies outside the image.")
    return coordinates
