"""Selections: which superpixels a gesture means, and how a history keeps them.

Everything here works on boolean arrays over the superpixels of one photo, never on pixels drawn by hand, so
a selection survives every change of granularity. Gestures are pure functions: they take a `Selection` and
return a new one. Three arrays come in again and again:

- ``labels``, uint16 ``(H, W)``: the superpixel of every pixel;
- ``cut``, uint16 ``(n,)``: the region of every superpixel at the level the person looks at;
- ``parents``, uint16 ``(2n-1,)``: the merge tree. The leaves ``0..n-1`` are the superpixels, every parent has
  a higher number than its children, and the root is its own parent.

Coordinates are ``(x, y)`` in pixels of the working copy, from its upper left corner; the pixel in column
``c`` covers ``c <= x < c + 1``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Labels: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Members: TypeAlias = npt.NDArray[np.bool_]
Point: TypeAlias = tuple[float, float]
Points: TypeAlias = Sequence[Point] | npt.NDArray[np.floating[Any]]
Mode: TypeAlias = Literal["include", "exclude"]

# No hand draws more in one go, and work and memory grow with the points times the size of the image.
MAX_POINTS = 2000
# How far apart two colours may be in CIE Lab and still look alike; 2.3 is just noticeable, 100 is black to white.
ALIKE = 14.0


@dataclass(frozen=True, eq=False)
class Selection:
    """The included and the excluded superpixels of one photo; no superpixel is both.

    Parameters
    ----------
    included, excluded : bool ndarray, shape (n,)

    Raises
    ------
    ValueError
        When the arrays are not boolean, differ in length or overlap.
    """

    included: Members
    excluded: Members

    def __post_init__(self) -> None:
        if self.included.dtype != np.bool_ or self.excluded.dtype != np.bool_:
            raise ValueError("A selection is made of boolean arrays.")
        if self.included.ndim != 1 or self.included.shape != self.excluded.shape:
            raise ValueError("Included and excluded must be flat arrays of one length.")
        if np.any(self.included & self.excluded):
            raise ValueError("A superpixel cannot be included and excluded at once.")

    @classmethod
    def empty(cls, n: int) -> Selection:
        """Nothing selected on a photo of `n` superpixels."""
        return cls(np.zeros(n, bool), np.zeros(n, bool))

    @classmethod
    def unpack(cls, data: bytes, n: int) -> Selection:
        """Read what `pack` wrote for `n` superpixels; ValueError when `data` cannot be that."""
        row_length = packed_length(n) // 2
        if len(data) != 2 * row_length:
            raise ValueError(f"Expected {2 * row_length} bytes for {n} superpixels, got {len(data)}.")
        rows = np.frombuffer(data, np.uint8).reshape(2, row_length)
        bits = np.unpackbits(rows, axis=1).view(bool)
        if bits[:, n:].any():
            raise ValueError("Bits are set beyond the last superpixel.")
        return cls(bits[0, :n].copy(), bits[1, :n].copy())

    def pack(self) -> bytes:
        """Two rows of bits, included then excluded, each padded to whole bytes, first superpixel highest."""
        return np.packbits(np.stack([self.included, self.excluded]), axis=1).tobytes()

    def xor(self, delta: bytes) -> Selection:
        """Apply a `change`; undo and redo are both this, with the same bytes."""
        return Selection.unpack(_xor(self.pack(), delta), self.n_superpixels)

    @property
    def n_superpixels(self) -> int:
        return self.included.size

    @property
    def is_empty(self) -> bool:
        return not (self.included.any() or self.excluded.any())

    def of(self, mode: Mode) -> Members:
        """The superpixels selected in one mode; ValueError for a mode that does not exist."""
        if mode not in get_args(Mode):
            raise ValueError(f"Unknown mode {mode!r}.")
        return self.included if mode == "include" else self.excluded

    def plus(self, members: Members, mode: Mode) -> Selection:
        """Add `members` in `mode`; they leave the other mode."""
        if mode == "include":
            return Selection(self.of(mode) | members, self.excluded & ~members)
        return Selection(self.included & ~members, self.of(mode) | members)

    def minus(self, members: Members, mode: Mode) -> Selection:
        """Take `members` away in `mode`; the other mode stays as it is."""
        kept = self.of(mode) & ~members
        return Selection(kept, self.excluded) if mode == "include" else Selection(self.included, kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection):
            return NotImplemented
        return np.array_equal(self.included, other.included) and np.array_equal(self.excluded, other.excluded)

    def __hash__(self) -> int:
        return hash(self.pack())


def packed_length(n: int) -> int:
    """The number of bytes of a packed selection of `n` superpixels."""
    return 2 * ((n + 7) // 8)


def change(before: Selection, after: Selection) -> bytes:
    """What turns `before` into `after`, and `after` into `before`: the XOR of their packed bits."""
    if before.n_superpixels != after.n_superpixels:
        raise ValueError("The selections belong to different label maps.")
    return _xor(before.pack(), after.pack())


def _xor(a: bytes, b: bytes) -> bytes:
    if len(a) != len(b):
        raise ValueError("The change belongs to another label map.")
    return (int.from_bytes(a) ^ int.from_bytes(b)).to_bytes(len(a))


# Gestures


def toggle(selection: Selection, labels: Labels, cut: Labels, points: Points, mode: Mode) -> Selection:
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
    selection: Selection, labels: Labels, cut: Labels, points: Points, mode: Mode, *, add: bool = True
) -> Selection:
    """Brush: select (or take away) every region under the line through `points`; one point is a dab.

    Each piece of the line from p to q is looked at in ``k = max(1, ceil(2 * max(|dx|, |dy|)))`` steps, at
    ``p + (q - p) * i / k`` for i = 0..k: twice in every pixel it crosses.
    """
    _check_same_photo(selection, cut)
    under_line = np.zeros(int(cut.max()) + 1, bool)
    under_line[cut[_superpixels_under_line(labels, points)]] = True
    return _apply(selection, under_line[cut], mode, add)


def cover(
    selection: Selection, labels: Labels, cut: Labels, polygon: Points, mode: Mode, *, add: bool = True
) -> Selection:
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


def grow(selection: Selection, labels: Labels, cut: Labels, point: Point, mode: Mode, *, parents: Labels) -> Selection:
    """Take one step up the merge tree from what is selected under `point`.

    A region that is not wholly selected becomes so; after that each call selects the parent of the largest
    node of the tree around `point` that is wholly selected.
    """
    _check_same_photo(selection, cut)
    superpixel = int(superpixels_at(labels, [point])[0])
    region = cut == cut[superpixel]
    if not selection.of(mode)[region].all():
        return selection.plus(region, mode)
    selected = node_members(parents, _largest_selected_node(selection.of(mode), parents, superpixel))
    return selection.plus(parent_region(parents, selected), mode)


def shrink(selection: Selection, labels: Labels, point: Point, mode: Mode, *, parents: Labels) -> Selection:
    """Take one step back down the merge tree: keep only the half that holds `point`.

    Of the largest wholly selected node around `point`, the child that holds the point stays selected and the
    other one goes. Below a single superpixel there is nothing; it is removed. A point that is not selected
    changes nothing.
    """
    superpixel = int(superpixels_at(labels, [point])[0])
    if not selection.of(mode)[superpixel]:
        return selection
    members = node_members(parents, _largest_selected_node(selection.of(mode), parents, superpixel))
    return selection.minus(members & ~child_region(parents, members, superpixel), mode)


def similar(
    selection: Selection,
    labels: Labels,
    cut: Labels,
    point: Point,
    mode: Mode,
    *,
    colours: npt.NDArray[np.floating[Any]],
    everywhere: bool = False,
) -> Selection:
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


def invert(selection: Selection) -> Selection:
    """Include what was not included, and the reverse; what is excluded stays excluded.

    Excluding is a statement of its own ("not like this") which inverting must not turn into its opposite. So
    inverting twice restores the selection.
    """
    return Selection(~(selection.included | selection.excluded), selection.excluded)


def clear(selection: Selection) -> Selection:
    """Select nothing, in neither mode."""
    return Selection.empty(selection.n_superpixels)


def _apply(selection: Selection, members: Members, mode: Mode, add: bool) -> Selection:
    return selection.plus(members, mode) if add else selection.minus(members, mode)


def _check_same_photo(selection: Selection, cut: Labels) -> None:
    if cut.shape != (selection.n_superpixels,):
        raise ValueError("The selection and the cut belong to different label maps.")


# From coordinates to superpixels


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """The polygon between two opposite corners, for `cover`."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def superpixels_at(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    """The superpixel under each of k points: intp ``(k,)``; ValueError for a point outside the image."""
    return _look_up(labels, _checked_points(points, labels.shape))


def _look_up(labels: Labels, points: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
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


def _superpixels_under_line(labels: Labels, points: Points) -> npt.NDArray[np.intp]:
    line = _checked_points(points, labels.shape)
    if len(line) == 1:
        return _look_up(labels, line)
    starts, spans = line[:-1], np.diff(line, axis=0)
    steps = np.maximum(1, np.ceil(2 * np.abs(spans).max(axis=1))).astype(np.intp)
    segment, step = _ranges(steps + 1)
    return _look_up(labels, starts[segment] + spans[segment] * (step / steps[segment])[:, None])


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


# The merge tree


def node_members(parents: Labels, node: int) -> Members:
    """The superpixels below `node` of the merge tree (itself, if it is one): bool ``(n,)``."""
    tops = np.where(parents <= node, parents, np.arange(parents.size)).astype(np.intp)
    # Every parent has a higher number than its children, so "up, but not beyond node" ends at the node for
    # its own superpixels and elsewhere for all others. Pointers to pointers take log2(depth) rounds.
    while not np.array_equal(tops, further := tops[tops]):
        tops = further
    members: Members = tops[: (parents.size + 1) // 2] == node
    return members


def covering_node(parents: Labels, members: Members) -> int:
    """The smallest node of the merge tree that holds all `members`; ValueError when there is none."""
    superpixels = np.flatnonzero(members)
    if not superpixels.size:
        raise ValueError("No superpixel is given.")
    ancestors = _path_to_root(parents, int(superpixels[0]))
    held = bisect_left(ancestors, True, key=lambda node: bool(node_members(parents, node)[members].all()))
    return ancestors[held]


def parent_region(parents: Labels, members: Members) -> Members:
    """One step up: the smallest node that holds `members` and more; the whole photo stays the whole photo.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n-1,)
    members : bool ndarray, shape (n,), at least one set; usually the members of one region

    Returns
    -------
    bool ndarray, shape (n,)
    """
    node = covering_node(parents, members)
    region = node_members(parents, node)
    return node_members(parents, int(parents[node])) if np.array_equal(region, members) else region


def child_region(parents: Labels, members: Members, superpixel: int) -> Members:
    """One step down: of the two halves of the node that holds `members`, the one with `superpixel`.

    A single superpixel has no halves: the answer is empty. ValueError when `superpixel` is not a member.
    """
    if not members[superpixel]:
        raise ValueError("The superpixel lies outside the region.")
    top = covering_node(parents, members)
    below = [node for node in _path_to_root(parents, superpixel) if node < top]
    return node_members(parents, below[-1]) if below else np.zeros_like(members)


def _path_to_root(parents: Labels, node: int) -> list[int]:
    path = [node]
    while (parent := int(parents[path[-1]])) != path[-1]:
        path.append(parent)
    return path


def _largest_selected_node(selected: Members, parents: Labels, superpixel: int) -> int:
    """The highest ancestor of `superpixel`, itself selected, whose members are all selected."""
    ancestors = _path_to_root(parents, superpixel)
    too_large = bisect_left(ancestors, True, key=lambda node: not selected[node_members(parents, node)].all())
    return ancestors[too_large - 1]


# Measures and neighbours


def superpixel_areas(labels: Labels, n: int) -> npt.NDArray[np.int64]:
    """The number of pixels of each of `n` superpixels: int64 ``(n,)``."""
    return np.bincount(labels.ravel(), minlength=n).astype(np.int64, copy=False)


def area_share(members: Members, areas: npt.NDArray[np.integer[Any]]) -> float:
    """The share of the image that `members` cover, 0 to 1, from the `superpixel_areas`."""
    return float(areas[members].sum() / areas.sum())


def neighbours(labels: Labels, cut: Labels) -> npt.NDArray[np.intp]:
    """The pairs of regions that share a border: intp ``(m, 2)``, each pair once, smaller id first, sorted.

    Regions touch where pixels of both are neighbours in a row or a column, not only at a corner.

    Examples
    --------
    >>> neighbours(np.array([[0, 1], [2, 2]], np.uint16), np.array([0, 1, 2], np.uint16)).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    pairs = []
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        border = a != b
        pairs.append(cut[np.stack([a[border], b[border]])])
    low, high = np.sort(np.concatenate(pairs, axis=1).astype(np.intp), axis=0)
    n_regions = int(cut.max()) + 1
    codes = np.unique(low[low != high] * n_regions + high[low != high])
    return np.stack([codes // n_regions, codes % n_regions], axis=1)
