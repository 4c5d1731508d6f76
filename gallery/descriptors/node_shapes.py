"""What nodes of a pruned merge tree look like, whatever is asked for: their boxes, edges, and how long they last.

A pruned tree is given by rows in an order in which the nodes below each come right before it, from the row `firsts` on;
`above` has the row of the smallest node above each. Persistence is that of Edelsbrunner, Letscher and Zomorodian,
"Topological persistence and simplification", Discrete & Computational Geometry 28, 2002, with the number of regions
for the height.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors.cell_maps import SIDE
from gallery.descriptors.region_choice import Parents
from selector.selection.objects.look import Borders

RowNumbers = npt.NDArray[np.intp]
Figures = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

BESIDE = 0.01  # of a side of the image: a box so near to its end touches it
STEPS = 32  # in which contrasts and persistence are kept: as far as 8


def boxes_of(boxes: npt.NDArray[np.int64], there: RowNumbers, starts: RowNumbers, above: RowNumbers) -> RowNumbers:
    """The box around each row of a tree.

    Parameters
    ----------
    boxes : int64 ndarray, shape (n, 4)
        From `superpixel_boxes`, those of the same row together.
    there, starts : intp ndarray
        The rows that have superpixels of their own, and where these begin.
    above : intp ndarray, shape (k,)

    Returns
    -------
    intp ndarray, shape (k, 4)
        Left, top, right and bottom, the last two exclusive, in pixels.
    """
    ends = np.hstack([np.minimum.reduceat(boxes[:, :2], starts), np.maximum.reduceat(boxes[:, 2:], starts)])
    around: list[list[int] | None] = [None] * len(above)
    for row, box in zip(there.tolist(), ends.tolist(), strict=True):
        around[row] = box
    for row, up in enumerate(above[:-1].tolist()):
        around[up] = _joined(around[row], around[up])
    return np.array(around, np.intp)


def filled(own: npt.NDArray[np.number], firsts: RowNumbers, boxes: RowNumbers) -> Bytes:
    """How much of its box each row fills.

    Parameters
    ----------
    own : ndarray, shape (k,)
        The pixels that belong to each row, and to none below it.
    firsts : intp ndarray, shape (k,)
    boxes : intp ndarray, shape (k, 4)

    Returns
    -------
    uint8 ndarray, shape (k,)
        Of 255.
    """
    sizes = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return _in_bytes(255 * np.minimum(within(own, firsts) / sizes, 1))


def touched(boxes: RowNumbers, shape: tuple[int, ...]) -> Bytes:
    """How many sides of the image each box touches.

    Parameters
    ----------
    boxes : intp ndarray, shape (k, 4)
    shape : (height, width)
        Of the image.

    Returns
    -------
    uint8 ndarray, shape (k,)
    """
    ends = np.array(shape[::-1])
    low, high = boxes[:, :2] < BESIDE * ends, boxes[:, 2:] > (1 - BESIDE) * ends
    return _in_bytes(low.sum(axis=1) + high.sum(axis=1))


def cells_at(pixels: RowNumbers, shape: tuple[int, ...]) -> Bytes:
    """The cell of the grid that each of some pixels lies in.

    Parameters
    ----------
    pixels : intp ndarray, shape (k, 2)
        Row and column.
    shape : (height, width)
        Of the image.

    Returns
    -------
    uint8 ndarray, shape (k,)
    """
    rows, columns = (pixels * SIDE // np.array(shape)).T
    return _in_bytes(rows * SIDE + columns)


def contrasts(borders: Borders, lowest: RowNumbers, above: RowNumbers, firsts: RowNumbers) -> Bytes:
    """The mean contrast along the edge of each row, beside that along all borders of superpixels, in `STEPS` a unit.

    Parameters
    ----------
    borders : Borders
        Between the superpixels of the image.
    lowest : intp ndarray, shape (n,)
        The row to which each superpixel belongs, and to none below it.
    above, firsts : intp ndarray, shape (k,)

    Returns
    -------
    uint8 ndarray, shape (k,)
        0 for a row that has no edge.
    """
    if not len(borders.pairs):
        return np.zeros(len(above), np.uint8)
    ends = lowest[borders.pairs[:, 0]], lowest[borders.pairs[:, 1]]
    both = _holding_both(*ends, above)

    def along(values: Figures) -> Figures:
        """Values of borders summed along the edge of each row: of all borders but those between its superpixels."""
        ending = sum(np.bincount(each, values, len(above)) for each in ends)
        return within(ending - 2 * np.bincount(both, values, len(above)), firsts)

    across = borders.lengths * borders.contrasts
    beside = np.maximum(along(borders.lengths), 1) * max(float(across.sum() / borders.lengths.sum()), 1e-9)
    return _in_bytes(STEPS * along(across) / beside)


def persistence(nodes: RowNumbers, parents: Parents) -> Bytes:
    """How long each node lasts while a photo is merged, in `STEPS` a unit.

    The logarithm of how many times fewer regions there are when it is merged into another than when it was made.

    Parameters
    ----------
    nodes : intp ndarray, shape (k,)
    parents : uint16 ndarray, shape (2n - 1,)

    Returns
    -------
    uint8 ndarray, shape (k,)
    """
    left = len(parents) + 1 - np.arange(len(parents))  # regions, before the merge that makes a node
    left[: (len(parents) + 1) // 2] = (len(parents) + 1) // 2
    return _in_bytes(STEPS * np.log(left[nodes] / left[parents[nodes]]))


def within(own: npt.NDArray[np.number], firsts: npt.NDArray[np.integer]) -> Figures:
    """The sums over each row and those below it of what rows have of their own.

    Parameters
    ----------
    own : ndarray, shape (k,)
    firsts : integer ndarray, shape (k,)

    Returns
    -------
    float64 ndarray, shape (k,)
    """
    before = np.concatenate([[0.0], np.cumsum(own)])
    sums: Figures = before[1:] - before[firsts]
    return sums


def _holding_both(ones: RowNumbers, others: RowNumbers, above: RowNumbers) -> RowNumbers:
    """The lowest row that holds both of two rows: the first of them goes up until they meet."""
    ones, others = ones.copy(), others.copy()
    apart = np.flatnonzero(ones != others)
    while len(apart):
        behind = ones[apart] < others[apart]
        ones[apart[behind]] = above[ones[apart[behind]]]
        others[apart[~behind]] = above[others[apart[~behind]]]
        apart = apart[ones[apart] != others[apart]]
    return ones


def _in_bytes(figures: npt.NDArray[Any]) -> Bytes:
    """Figures of zero or more, rounded; 255 stands for what is larger, too."""
    rounded: Bytes = np.rint(np.clip(figures, 0, 255)).astype(np.uint8)
    return rounded


def _joined(one: list[int] | None, other: list[int] | None) -> list[int] | None:
    """The box around two boxes; nothing lies around none."""
    if one is None or other is None:
        return one or other
    return [min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])]
