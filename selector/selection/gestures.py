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

import numpy as np

from selector.arrays import Cut, Labels, Mask, Members, Parents
from selector.segmentation.superpixels import superpixel_areas
from selector.selection.geometry import Point, Points, polygon_mask, superpixels_at, superpixels_under_line
from selector.selection.growing import Ladder
from selector.selection.selection import Mode, SuperpixelSelection
from selector.selection.similarity import Colours, regions_alike


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
    return _added_or_removed(selection, mostly_inside(labels, cut, polygon_mask(polygon, *labels.shape)), mode, add)


def mostly_inside(labels: Labels, cut: Cut, inside: Mask) -> Members:
    """The superpixels of regions that have more than half of their pixels in a mask.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    inside : bool ndarray, shape (H, W)

    Returns
    -------
    bool ndarray, shape (n,)
    """
    n_superpixels, n_regions = cut.size, int(cut.max()) + 1
    total = np.bincount(cut, superpixel_areas(labels, n_superpixels), n_regions)
    held = np.bincount(cut, superpixel_areas(labels[inside], n_superpixels), n_regions)
    members: Members = (2 * held > total)[cut]
    return members


def grow(
    selection: SuperpixelSelection,
    labels: Labels,
    cut: Cut,
    point: Point,
    mode: Mode,
    *,
    parents: Parents,
    colours: Colours | None = None,
) -> SuperpixelSelection:
    """Take one step up the merge tree from what is selected under a point.

    A region that is not wholly selected becomes so. After that each call goes up from the largest node of the tree
    around the point that is wholly selected: over all nodes that cross hardly more contrast than the first one, but
    never beyond `growing.MOST` times the area. Where one node is more than that, a part of it is added: regions of the
    level that touch what is selected, the most alike first; superpixels where regions are too large. A superpixel that
    alone is too large is added whole.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    point : (x, y)
    mode : {"include", "exclude"}
    parents : uint16 ndarray, shape (2n - 1,)
    colours : float ndarray, shape (n, 3), optional
        Mean colour of each superpixel in CIELAB. Without it no contrast is known: each node is a step.

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    ladder = Ladder(labels, cut, parents, int(superpixels_at(labels, [point])[0]), colours)
    chosen, region = selection.of(mode), ladder.start()
    return selection.plus(ladder.above(chosen) if chosen[region].all() else region, mode)


def shrink(
    selection: SuperpixelSelection,
    labels: Labels,
    point: Point,
    mode: Mode,
    *,
    parents: Parents,
    cut: Cut | None = None,
    colours: Colours | None = None,
) -> SuperpixelSelection:
    """Take back the last step by which `grow` has come, or would have come, to what is selected around a point.

    The steps are those that begin at the region under the point, where it is wholly selected, and otherwise at the
    superpixel. So it is the inverse of `grow` at the same point and level, and of what was selected by other means it
    leaves the part that belongs most to the point. The first step goes as a whole, and a point that is not selected
    changes nothing.

    Parameters
    ----------
    selection : SuperpixelSelection
    labels : uint16 ndarray, shape (H, W)
    point : (x, y)
    mode : {"include", "exclude"}
    parents : uint16 ndarray, shape (2n - 1,)
    cut : uint16 ndarray, shape (n,), optional
        Without it every superpixel is a region.
    colours : float ndarray, shape (n, 3), optional
        As in `grow`.

    Returns
    -------
    SuperpixelSelection
    """
    superpixel = int(superpixels_at(labels, [point])[0])
    chosen = selection.of(mode)
    if not chosen[superpixel]:
        return selection
    regions = np.arange(chosen.size, dtype=np.uint16) if cut is None else cut
    return selection.minus(Ladder(labels, regions, parents, superpixel, colours).last_step(chosen), mode)


def similar(
    selection: SuperpixelSelection,
    labels: Labels,
    cut: Cut,
    point: Point,
    mode: Mode,
    *,
    colours: Colours,
    everywhere: bool = False,
) -> SuperpixelSelection:
    """Add the regions that look like the one under a point, or like the whole selection when that one is in it.

    Two regions look alike when their mean colours are less than `similarity.ALIKE` apart in CIELAB. All are compared
    with the one under the point, never with each other in turn, so that a chain of shades does not lead from light to
    dark; of a selection a few regions stand for all, so that a second click at the same place adds nothing.

    What lies around is meant: all that is reached from the region under the point through others that look alike. One
    region that looks different is stepped over where it is narrow against the region under the point: what is seen
    through the gaps of a chain or a fence is one thing, however many gaps show it.

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
        Also regions that cannot be reached like that.

    Returns
    -------
    SuperpixelSelection
    """
    _check_same_photo(selection, cut)
    clicked = int(cut[superpixels_at(labels, [point])[0]])
    alike = regions_alike(labels, cut, clicked, selection.of(mode), colours, everywhere=everywhere)
    return selection.plus(alike[cut], mode)


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
