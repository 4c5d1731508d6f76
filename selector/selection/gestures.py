"""What a gesture selects: click, brush, lasso, grow, similar.

Gestures are pure functions: they take a `SuperpixelSelection` and return a new one. They work on boolean arrays over
the superpixels of one photo, never on pixels, so a selection survives every change of granularity. Three arrays come
in again and again:

- ``labels``, uint16 ``(H, W)``: the superpixel of every pixel;
- ``cut``, uint16 ``(n,)``: the region of every superpixel at the level the person looks at;
- ``parents``, uint16 ``(2n-1,)``: the merge tree. The leaves ``0..n-1`` are the superpixels, every parent has
  a higher number than its children, and the root is its own parent.

Coordinates are those of `selector.selection.geometry`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from selector.arrays import Labels, Members
from selector.segmentation.superpixels import neighbours, superpixel_areas
from selector.selection.geometry import Point, Points, polygon_mask, superpixels_at, superpixels_under_line
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.tree import child_region, largest_selected_node, node_members, parent_region

# How far apart two colours may be in CIE Lab and still look alike; 2.3 is just noticeable, 100 is black to white.
ALIKE = 14.0


# Gestures


def toggle(
    selection: SuperpixelSelection, labels: Labels, cut: Labels, points: Points, mode: Mode
) -> SuperpixelSelection:
    """Click: a region wholly selected in `mode` is removed; any other becomes wholly selected.

    The points are clicks made one after the other, so two in one region cancel out. A partly selected region
    is completed, never inverted: that is what a person means who clicks it at a coarser level.

    Parameters
    ----------
    selection : Selection of n superpixels
    labels : uint16 ndarray, shape (H, W), values below n
    cut : uint16 ndarray, shape (n,)
    points : sequence of (x, y) with ``0 <= x < W`` and ``0 <= y < H``
    mode : "include" or "exclude"

    Raises
    ------
    ValueError
        For a point outside the image, no point at all, or arrays of different label maps.

    Examples
    --------
    >>> labels = np.array([[0, 0, 1, 2]], np.uint16)
    >>> cut = np.array([0, 1, 1], np.uint16)
    >>> toggle(Selection.empty(3), labels, cut, [(3, 0)], "include").included
    array([False,  True,  True])
    """
    _check_same_photo(selection, cut)
    for region in cut[superpixels_at(labels, points)]:
        members = cut == region
        whole = bool(selection.of(mode)[members].all())
        selection = selection.minus(members, mode) if whole else selection.plus(members, mode)
    return selection


def paint(
    selection: SuperpixelSelection, labels: Labels, cut: Labels, points: Points, mode: Mode, *, add: bool = True
) -> SuperpixelSelection:
    """Brush: select (or take away) every region under the line through `points`; one point is a dab.

    Each piece of the line from p to q is looked at in ``k = max(1, ceil(2 * max(|dx|, |dy|)))`` steps, at
    ``p + (q - p) * i / k`` for i = 0..k: twice in every pixel it crosses.
    """
    _check_same_photo(selection, cut)
    under_line = np.zeros(int(cut.max()) + 1, bool)
    under_line[cut[superpixels_under_line(labels, points)]] = True
    return _apply(selection, under_line[cut], mode, add)


def cover(
    selection: SuperpixelSelection, labels: Labels, cut: Labels, polygon: Points, mode: Mode, *, add: bool = True
) -> SuperpixelSelection:
    """Lasso and rectangle: select (or take away) each region that has more than half its pixels inside.

    The outline closes itself; what it winds around is inside, loops of a careless hand too (nonzero rule).
    Its corners may lie on the far edges of the image, ``0 <= x <= W`` and ``0 <= y <= H``, so that a
    rectangle can hold the last row and column. Fewer than three corners hold nothing.
    """
    _check_same_photo(selection, cut)
    inside = polygon_mask(polygon, *labels.shape)
    n_superpixels, n_regions = cut.size, int(cut.max()) + 1
    total = np.bincount(cut, superpixel_areas(labels, n_superpixels), n_regions)
    held = np.bincount(cut, superpixel_areas(labels[inside], n_superpixels), n_regions)
    return _apply(selection, (2 * held > total)[cut], mode, add)


def grow(
    selection: SuperpixelSelection, labels: Labels, cut: Labels, point: Point, mode: Mode, *, parents: Labels
) -> SuperpixelSelection:
    """Take one step up the merge tree from what is selected under `point`.

    A region that is not wholly selected becomes so; after that each call selects the parent of the largest
    node of the tree around `point` that is wholly selected.
    """
    _check_same_photo(selection, cut)
    superpixel = int(superpixels_at(labels, [point])[0])
    region = cut == cut[superpixel]
    if not selection.of(mode)[region].all():
        return selection.plus(region, mode)
    selected = node_members(parents, largest_selected_node(selection.of(mode), parents, superpixel))
    return selection.plus(parent_region(parents, selected), mode)


def shrink(
    selection: SuperpixelSelection, labels: Labels, point: Point, mode: Mode, *, parents: Labels
) -> SuperpixelSelection:
    """Take one step back down the merge tree: keep only the half that holds `point`.

    Of the largest wholly selected node around `point`, the child that holds the point stays selected and the
    other one goes. Below a single superpixel there is nothing; it is removed. A point that is not selected
    changes nothing.
    """
    superpixel = int(superpixels_at(labels, [point])[0])
    if not selection.of(mode)[superpixel]:
        return selection
    members = node_members(parents, largest_selected_node(selection.of(mode), parents, superpixel))
    return selection.minus(members & ~child_region(parents, members, superpixel), mode)


def similar(
    selection: SuperpixelSelection,
    labels: Labels,
    cut: Labels,
    point: Point,
    mode: Mode,
    *,
    colours: npt.NDArray[np.floating[Any]],
    everywhere: bool = False,
) -> SuperpixelSelection:
    """Add the regions that look like the one under `point`, or like the whole selection when that one is in it.

    Two regions look alike when their mean colours are less than `ALIKE` apart in CIE Lab. Unless `everywhere`, only
    those count that can be reached from the region under the point through others that look alike.

    Parameters
    ----------
    colours : float ndarray, shape (n, 3), mean Lab colour of each superpixel

    Other parameters as in `toggle`.
    """
    _check_same_photo(selection, cut)
    clicked = cut[superpixels_at(labels, [point])[0]]
    areas = superpixel_areas(labels, cut.size)
    n_regions = int(cut.max()) + 1
    weights = np.maximum(np.bincount(cut, areas, n_regions), 1)
    means = np.stack([np.bincount(cut, areas * plane, n_regions) for plane in colours.T], axis=1) / weights[:, None]
    models = np.unique(cut[selection.of(mode)]) if selection.of(mode)[cut == clicked].all() else np.array([clicked])
    distances, _ = cKDTree(means[models]).query(means)
    alike = distances < ALIKE
    if not everywhere:
        alike &= _reachable(neighbours(labels, cut), alike, int(clicked))
    return selection.plus(alike[cut], mode)


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


def _apply(selection: SuperpixelSelection, members: Members, mode: Mode, add: bool) -> SuperpixelSelection:
    return selection.plus(members, mode) if add else selection.minus(members, mode)


def _check_same_photo(selection: SuperpixelSelection, cut: Labels) -> None:
    if cut.shape != (selection.n_superpixels,):
        raise ValueError("The selection and the cut belong to different label maps.")
