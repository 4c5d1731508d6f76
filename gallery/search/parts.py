"""The separate parts of a selection, to be asked for one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from selector.arrays import Members

MOST = 4
# Of the image and of the largest piece: what is smaller is a crumb that the hand left, not a thing of its own.
LEAST_SHARE, LEAST_OF_LARGEST = 0.001, 0.05


def connected_parts(
    pairs: npt.NDArray[np.integer[Any]], areas: npt.NDArray[np.integer[Any]], members: Members
) -> list[Members]:
    """Return the connected pieces of a selection, crumbs left out, the largest first.

    Parameters
    ----------
    pairs : integer (m, 2)
        The superpixels that share a border, from `selector.segmentation.superpixels.neighbours`.
    areas : integer (n,)
        Pixels of each superpixel.
    members : bool (n,)
        The selected superpixels.

    Returns
    -------
    list of bool (n,)
        None overlaps another.

    Examples
    --------
    >>> connected_pieces(np.array([[0, 1], [1, 2]]), np.array([4, 9, 7]), np.array([True, False, True]))
    [array([False, False,  True]), array([ True, False, False])]
    """
    n = len(members)
    if not members.any():
        return []
    one, other = pairs[members[pairs].all(axis=1)].T
    _, piece = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(n, n)), directed=False)
    numbers, sizes = np.unique(piece[members]), np.bincount(piece[members], areas[members])
    sizes = sizes[numbers]
    least = max(LEAST_SHARE * areas.sum(), LEAST_OF_LARGEST * sizes.max())
    return [members & (piece == numbers[i]) for i in np.argsort(-sizes, kind="stable") if sizes[i] >= least]


def parts_of(
    pairs: npt.NDArray[np.integer[Any]], areas: npt.NDArray[np.integer[Any]], members: Members
) -> list[Members]:
    """Return the pieces that can be asked for one by one: two to four of sensible size, else none."""
    pieces = connected_parts(pairs, areas, members)
    return pieces if 2 <= len(pieces) <= MOST else []
