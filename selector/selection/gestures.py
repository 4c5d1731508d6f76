"""What a gesture selects: click, brush, lasso, grow, shrink, similar.

Gestures are pure functions: they take a `SuperpixelSelection` and return a new one. They work on boolean arrays over
the superpixels of one photo, never on pixels, so a selection survives every change of granularity. These parameters
come in again and again:

- ``labels``, uint16 (H, W): the superpixel of every pixel;
- ``cut``, uint16 (n,): the region of every superpixel at the level that is shown;
- ``parents``, uint16 (2n - 1,): the merge tree, as in `selector.selection.tree`;
- ``points``: coordinates as in `selector.selection.geometry`;
- ``mode``: "include" or "exclude", what is being selected for.

Each raises ValueError for a point outside the image, for no point at all, and for arrays of different label maps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Members, Parents
from selector.segmentation.superpixels import neighbours, superpixel_areas
from selector.selection.geometry import Point, Points, polygon_mask, superpixels_at, superpixels_under_line
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.tree import child_towards, largest_selected_node, node_members

# How far apart two colours may be in CIELAB and still look alike; 2.3 is just noticeable, 100 is black to white.
ALIKE = 14.0


def toggle(selection: SuperpixelSelection, labels: Labels, cut: Cut, points: Points, mode: Mode) -> SuperpixelSelection:
    """Click: a region wholly selected in `mode` is removed; any other becomes wholly selected.

    The points are clicks made one after the other, so two in one region cancel out. A partly selected region
    is completed, never inverted: that is what a person means who clicks it at a coarser level.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    points : sequence of (x, y)
    mode : {"include", "exclude"}

    Returns
    -------
    SuperpixelSelection

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 0, 1, 2]], np.uint16)
    >>> cut = np.array([0, 1, 1], np.uint16)
    >>> toggle(SuperpixelSelection.empty(3), labels, cut, [(3, 0)], "include").included
    array([False,  True,  True])
    """
    _check_same_photo(selection, cut)
    for region in cut[superpixels_at(labels, points)]:
        members = cut == region
        whole = bool(selection.of(mode)[members].all())
        selection = selection.minus(members, mode) if whole else selection.plus(members, mode)
    return selection


def paint(
    selection: SuperpixelSelection, labels: Labels, cut: Cut, points: Points, mode: Mode, *, add: bool = True
) -> SuperpixelSelection:
    """Brush: select, or take away, every region under the line through `points`.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    points : sequence of (x, y)
        One point is a dab.
    mode : {"include", "exclude"}
    add : bool, optional
        False takes away.

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    under_line = np.zeros(int(cut.max()) + 1, bool)
    under_line[cut[superpixels_under_line(labels, points)]] = True
    return _added_or_removed(selection, under_line[cut], mode, add)


def cover(
    selection: SuperpixelSelection, labels: Labels, cut: Cut, polygon: Points, mode: Mode, *, add: bool = True
) -> SuperpixelSelection:
    """Lasso and rectangle: select, or take away, each region that has more than half its pixels inside a polygon.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    polygon : sequence of (x, y) with ``0 <= x <= W`` and ``0 <= y <= H``
        It closes itself. What it winds around is inside, so the loops of a careless hand are too. Corners may lie on
        the far edges of the image, so that a rectangle can hold the last row and column. Fewer than three corners
        hold nothing.
    mode : {"include", "exclude"}
    add : bool, optional
        False takes away.

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    inside = polygon_mask(polygon, *labels.shape)
    n_superpixels, n_regions = cut.size, int(cut.max()) + 1
    total = np.bincount(cut, superpixel_areas(labels, n_superpixels), n_regions)
    held = np.bincount(cut, superpixel_areas(labels[inside], n_superpixels), n_regions)
    return _added_or_removed(selection, (2 * held > total)[cut], mode, add)


def grow(
    selection: SuperpixelSelection, labels: Labels, cut: Cut, point: Point, mode: Mode, *, parents: Parents
) -> SuperpixelSelection:
    """Take one step up the merge tree from what is selected under a point.

    A region that is not wholly selected becomes so. After that each call selects the parent of the largest
    node of the tree around the point that is wholly selected.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    point : (x, y)
    mode : {"include", "exclude"}
    parents : uint16 ndarray, shape (2n - 1,)

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    superpixel = int(superpixels_at(labels, [point])[0])
    region = cut == cut[superpixel]
    if not selection.of(mode)[region].all():
        return selection.plus(region, mode)
    node = largest_selected_node(selection.of(mode), parents, superpixel)
    return selection.plus(node_members(parents, int(parents[node])), mode)


def shrink(
    selection: SuperpixelSelection, labels: Labels, point: Point, mode: Mode, *, parents: Parents
) -> SuperpixelSelection:
    """Take one step back down the merge tree: keep only the half that holds a point.

    Of the largest wholly selected node around the point, the child that holds the point stays selected and the
    other one goes. A single superpixel has no halves and goes. A point that is not selected changes nothing.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    point : (x, y)
    mode : {"include", "exclude"}
    parents : uint16 ndarray, shape (2n - 1,)

    Returns
    -------
    SuperpixelSelection
    """
    superpixel = int(superpixels_at(labels, [point])[0])
    if not selection.of(mode)[superpixel]:
        return selection
    node = largest_selected_node(selection.of(mode), parents, superpixel)
    removed = node_members(parents, node)
    if node != superpixel:
        removed &= ~node_members(parents, child_towards(parents, node, superpixel))
    return selection.minus(removed, mode)


def similar(
    selection: SuperpixelSelection,
    labels: Labels,
    cut: Cut,
    point: Point,
    mode: Mode,
    *,
    colours: npt.NDArray[np.floating[Any]],
    everywhere: bool = False,
) -> SuperpixelSelection:
    """Add the regions that look like the one under a point, or like the whole selection when that one is in it.

    Two regions look alike when their mean colours are less than `ALIKE` apart in CIELAB.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    point : (x, y)
    mode : {"include", "exclude"}
    colours : float ndarray, shape (n, 3)
        Mean colour of each superpixel in CIELAB.
    everywhere : bool, optional
        Also regions that cannot be reached from the one under the point through others that look alike.

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    clicked = int(cut[superpixels_at(labels, [point])[0]])
    # Not above: a process in which nobody picks a colour starts sooner without it.
    from scipy.spatial import cKDTree

    means = _region_means(colours, cut, superpixel_areas(labels, cut.size))
    chosen = selection.of(mode)
    models = np.unique(cut[chosen]) if chosen[cut == clicked].all() else np.array([clicked])
    distances, _ = cKDTree(means[models]).query(means)
    alike = distances < ALIKE
    if not everywhere:
        alike &= _reachable(neighbours(labels, cut), alike, clicked)
    return selection.plus(alike[cut], mode)


def _region_means(
    values: npt.NDArray[np.floating[Any]], cut: Cut, areas: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The means of superpixels' values (n, k) over the pixels of each region, (r, k)."""
    n_regions = int(cut.max()) + 1
    weights = np.maximum(np.bincount(cut, areas, n_regions), 1)
    return np.stack([np.bincount(cut, areas * plane, n_regions) for plane in values.T], axis=1) / weights[:, None]


def _reachable(pairs: npt.NDArray[np.intp], allowed: Members, start: int) -> Members:
    """Which regions can be reached from `start` by the adjacent `pairs` through allowed ones."""
    pairs = pairs[allowed[pairs].all(axis=1)]
    reached = np.zeros_like(allowed)
    reached[start] = True
    while True:
        touching = pairs[reached[pairs].any(axis=1)].ravel()
        if reached[touching].all():
            return reached
        reached[touching] = True


def invert(selection: SuperpixelSelection) -> SuperpixelSelection:
    """Include what was not included, and the reverse; what is excluded stays excluded.

    Excluding is a statement of its own ("not like this") which inverting must not turn into its opposite. So
    inverting twice restores the selection.
    """
    return SuperpixelSelection(~(selection.included | selection.excluded), selection.excluded)


def clear(selection: SuperpixelSelection) -> SuperpixelSelection:
    """Select nothing, in neither mode."""
    return SuperpixelSelection.empty(selection.n_superpixels)


def _added_or_removed(selection: SuperpixelSelection, members: Members, mode: Mode, add: bool) -> SuperpixelSelection:
    return selection.plus(members, mode) if add else selection.minus(members, mode)


def _check_same_photo(selection: SuperpixelSelection, cut: Cut) -> None:
    if cut.shape != (selection.n_superpixels,):
        raise ValueError("The selection and the cut belong to different label maps.")
