"""From coordinates to superpixels and pixels.

Coordinates are ``(x, y)`` in pixels of the working copy, from its upper left corner; the pixel in column ``c`` covers
``c <= x < c + 1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Members

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = Sequence[Point] | npt.NDArray[np.floating[Any]]

# No hand draws more in one go, and work and memory grow with the points times the size of the image.
MAX_POINTS = 2000


# From coordinates to superpixels


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """The polygon between two opposite corners, for `cover`."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def superpixels_at(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    """The superpixel under each of k points: intp ``(k,)``; ValueError for a point outside the image."""
    return look_up(labels, _checked_points(points, labels.shape))


def look_up(labels: Labels, points: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    height, width = labels.shape
    # A point computed between two others may be rounded up to the edge itself.
    columns, rows = np.minimum(points.astype(np.intp), (width - 1, height - 1)).T
    ids: npt.NDArray[np.intp] = labels[rows, columns].astype(np.intp)
    return ids


def polygon_mask(polygon: Points, height: int, width: int) -> Members:
    """The pixels whose centres a polygon winds around: bool ``(height, width)``.

    Each edge leaves, in every row of pixel centres it crosses, +1 or -1 at the first centre to its right; the
    running sum along the row is the winding number.
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
    winding = np.zeros((height, width + 1), np.int32)
    np.add.at(winding, (rows, columns), np.where(y1 > y0, 1, -1))
    inside: Members = np.cumsum(winding[:, :-1], axis=1, dtype=np.int32) != 0
    return inside


def superpixels_under_line(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    line = _checked_points(points, labels.shape)
    if len(line) == 1:
        return look_up(labels, line)
    starts, spans = line[:-1], np.diff(line, axis=0)
    steps = np.maximum(1, np.ceil(2 * np.abs(spans).max(axis=1))).astype(np.intp)
    segment, step = _ranges(steps + 1)
    return look_up(labels, starts[segment] + spans[segment] * (step / steps[segment])[:, None])


def _ranges(lengths: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Count through several ranges at once: which range, and how far in it, e.g. [2, 1] -> 0 0 1, 0 1 0."""
    owner = np.repeat(np.arange(lengths.size), lengths)
    return owner, np.arange(owner.size) - (np.cumsum(lengths) - lengths)[owner]


def _checked_points(points: Points, shape: tuple[int, ...], closed: bool = False) -> npt.NDArray[np.float64]:
    coordinates = np.asarray(points, np.float64)
    if coordinates.ndim != 2 or coordinates.shape[1] != 2 or not 1 <= len(coordinates) <= MAX_POINTS:
        raise ValueError(f"A gesture has 1 to {MAX_POINTS} points, each with an x and a y.")
    size = np.array(shape[::-1], np.float64)
    below = coordinates <= size if closed else coordinates < size
    # Written so that NaN, which compares as false, is refused too.
    if not np.all((coordinates >= 0) & below):
        raise ValueError("A point lies outside the image.")
    return coordinates
