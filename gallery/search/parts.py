"""The separate parts of a selection, to be searched for one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Members

# More parts than this are not searched for one by one.
MOST_PARTS = 4
# Of the image, and of the largest part: a smaller one was left behind by the hand and is nothing to search for.
LEAST_SHARE, LEAST_OF_LARGEST = 0.001, 0.05


def connected_parts(
    pairs: npt.NDArray[np.integer[Any]], areas: npt.NDArray[np.integer[Any]], members: Members
) -> list[Members]:
    """Return the connected parts of a selection, the largest first; very small ones are left out.

    Parameters
    ----------
    pairs : integer ndarray, shape (m, 2)
        The superpixels that share a border, from `selector.segmentation.superpixels.neighbours`.
    areas : integer ndarray, shape (n,)
        Pixels of each superpixel.
    members : bool ndarray, shape (n,)
        The selected superpixels.

    Returns
    -------
    list of bool ndarray, shape (n,)
        The superpixels of each part. No two parts overlap. Empty where nothing is selected.

    Examples
    --------
    >>> connected_parts(np.array([[0, 1], [1, 2]]), np.array([4, 9, 7]), np.array([True, False, True]))
    [array([False, False,  True]), array([ True, False, False])]
    """
    n = len(members)
    if not members.any():
        return []
    # Not above: a process that searches for nothing starts sooner without them.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = pairs[members[pairs].all(axis=1)].T
    _, part = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(n, n)), directed=False)
    numbers, sizes = np.unique(part[members]), np.bincount(part[members], areas[members])
    sizes = sizes[numbers]
    least = max(LEAST_SHARE * areas.sum(), LEAST_OF_LARGEST * sizes.max())
    return [members & (part == numbers[i]) for i in np.argsort(-sizes, kind="stable") if sizes[i] >= least]


def parts_of(
    pairs: npt.NDArray[np.integer[Any]], areas: npt.NDArray[np.integer[Any]], members: Members
) -> list[Members]:
    """Return the parts of a selection that can be searched for one by one.

    Parameters
    ----------
    pairs : integer ndarray, shape (m, 2)
        The superpixels that share a border.
    areas : integer ndarray, shape (n,)
        Pixels of each superpixel.
    members : bool ndarray, shape (n,)
        The selected superpixels.

    Returns
    -------
    list of bool ndarray, shape (n,)
        The `connected_parts`, if there are 2 to `MOST_PARTS` of them; else none.

    Examples
    --------
    >>> pairs, areas = np.array([[0, 1], [1, 2]]), np.array([4, 9, 7])
    >>> parts_of(pairs, areas, np.array([True, False, True]))
    [array([False, False,  True]), array([ True, False, False])]
    >>> parts_of(pairs, areas, np.array([True, True, True]))
    []
    """
    parts = connected_parts(pairs, areas, members)
    return parts if 2 <= len(parts) <= MOST_PARTS else []
