"""A person who selects objects, simulated: first gestures made from an object's mask, and where they click next.

The standard protocol of interactive segmentation: the next click goes into the middle of the largest error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra
from skimage.morphology import skeletonize

from selector.arrays import Floats, Labels, Mask, Parents, Rgb
from selector.selection.geometry import Point
from selector.selection.objects.look import Look

TOUCHING = np.ones((3, 3))


@dataclass(frozen=True, eq=False)
class Subject:
    """An object in a photo: what is to be selected, and what it is selected with.

    `features` holds by its name what each model has seen in the superpixels.
    """

    rgb: Rgb
    labels: Labels
    parents: Parents
    look: Look
    mask: Mask
    features: Mapping[str, Floats] = field(default_factory=dict)

    def overlap(self, found: Mask) -> float:
        """Intersection over union of what is found with the object."""
        return float((found & self.mask).sum() / max((found | self.mask).sum(), 1))

    def next_click(self, found: Mask) -> tuple[Point, bool] | None:
        """The middle of the largest error, and whether it is missing; None when nothing is wrong."""
        sizes, regions = [], []
        for error in (self.mask & ~found, found & ~self.mask):
            region = largest_part(error, None)
            regions.append(region)
            sizes.append(int(region.sum()))
        if not any(sizes):
            return None
        missing = sizes[0] >= sizes[1]
        return middle_of(regions[0 if missing else 1]), missing

    def error_stroke(self, found: Mask) -> tuple[tuple[Point, ...], bool] | None:
        """A stroke along the middle of the largest error instead."""
        click = self.next_click(found)
        if click is None:
            return None
        error = self.mask & ~found if click[1] else found & ~self.mask
        return stroke_along(error, None), click[1]


def largest_part(mask: Mask, structure: npt.NDArray[np.float64] | None = TOUCHING) -> Mask:
    """The largest connected part of a mask; with `structure` None, corners do not connect."""
    parts, count = ndimage.label(mask, structure)
    if count < 2:
        return mask
    return np.asarray(parts == 1 + np.bincount(parts.ravel())[1:].argmax())


def middle_of(mask: Mask) -> Point:
    """The centre of the pixel that is farthest from the edge of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = rows[0], columns[0]
    box = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    distance = ndimage.distance_transform_edt(box)
    y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    return float(left + x) - 0.5, float(top + y) - 0.5


def box_around(mask: Mask, larger: float = 0.0) -> tuple[Point, Point]:
    """Opposite corners of the box around a mask, `larger` by this share of its size on each side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    dx, dy = larger * (right - left), larger * (bottom - top)
    return (float(left - dx), float(top - dy)), (float(right + dx), float(bottom + dy))


def loop_around(mask: Mask, away: float = 8.0, corners: int = 48) -> tuple[Point, ...]:
    """A loose loop around a mask: the farthest pixels in many directions from its middle, and some way beyond."""
    rows, columns = np.nonzero(mask)
    centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    offsets = np.column_stack([columns, rows]) + 0.5 - centre
    angles = np.arctan2(offsets[:, 1], offsets[:, 0])
    far = np.hypot(*offsets.T)
    sector = ((angles + np.pi) / (2 * np.pi) * corners).astype(int) % corners
    reach = np.zeros(corners)
    np.maximum.at(reach, sector, far)
    # A hand cuts no notches: each corner is at least as far out as the mean of those beside it.
    reach = np.maximum(reach, (np.roll(reach, 1) + np.roll(reach, -1)) / 2) + away
    middle = (np.arange(corners) + 0.5) / corners * 2 * np.pi - np.pi
    height, width = mask.shape
    points = centre + reach[:, None] * np.column_stack([np.cos(middle), np.sin(middle)])
    return tuple((float(x), float(y)) for x, y in np.clip(points, 0, [width, height]))


def stroke_along(mask: Mask, structure: npt.NDArray[np.float64] | None = TOUCHING) -> tuple[Point, ...]:
    """The longest path in the skeleton of a mask's largest part, 5% cut at each end, a point every 8 px."""
    part = largest_part(mask, structure)
    skeleton = skeletonize(np.pad(part, 1))[1:-1, 1:-1]
    rows, columns = np.nonzero(skeleton)
    if len(rows) < 2:
        return (middle_of(part),)
    graph = _graph(skeleton, rows, columns)
    start = _farthest(dijkstra(graph, directed=False, indices=0))
    lengths, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    path = [_farthest(lengths)]
    while path[-1] != start:
        path.append(int(before[path[-1]]))
    cut = int(0.05 * len(path))
    path = path[cut : len(path) - cut]
    kept = [path[0]]
    for node in path:
        if abs(lengths[node] - lengths[kept[-1]]) >= 8:
            kept.append(node)
    return tuple((float(columns[node]) + 0.5, float(rows[node]) + 0.5) for node in kept)


def _graph(skeleton: Mask, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> sparse.csr_array:
    """Which pixels of a skeleton touch, and how far apart they are."""
    number = np.full(np.add(skeleton.shape, 2), -1)
    number[rows + 1, columns + 1] = np.arange(len(rows))
    ones, others, lengths = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        neighbour = number[rows + 1 + dy, columns + 1 + dx]
        one = np.flatnonzero(neighbour >= 0)
        ones.append(one)
        others.append(neighbour[one])
        lengths.append(np.full(len(one), np.hypot(dy, dx)))
    ends = (np.concatenate(ones), np.concatenate(others))
    return sparse.coo_array((np.concatenate(lengths), ends), shape=(len(rows), len(rows))).tocsr()


def _farthest(distances: npt.NDArray[np.float64]) -> int:
    """The reachable one that is farthest away."""
    return int(np.where(np.isfinite(distances), distances, -1).argmax())
