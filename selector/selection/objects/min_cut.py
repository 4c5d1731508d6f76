"""The cheapest division of superpixels into two sides: a minimum cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Members

Numbers = npt.NDArray[np.float64]

# Capacities are whole numbers, so that the answer does not hang on how sums are rounded.
SCALE = 100.0
LARGEST = 2**20


def min_cut(costs: Numbers, pairs: npt.NDArray[np.intp], weights: Numbers) -> Members:
    """The superpixels inside, where being inside and parting neighbours cost least together.

    Parameters
    ----------
    costs : float64 ndarray, shape (n,)
        What it costs more to be inside than to be outside; infinite where that is settled.
    pairs : intp ndarray, shape (m, 2)
        Neighbours.
    weights : float64 ndarray, shape (m,)
        What it costs to part them, 0 or more.

    Returns
    -------
    bool ndarray, shape (n,)
        Of several cheapest divisions the one with the fewest inside.
    """
    from selector.selection.objects import min_cut_kernels as kernels

    n, m = len(costs), len(pairs)
    terminal = np.rint(np.clip(-costs * SCALE, -LARGEST, LARGEST)).astype(np.int64)
    heads = pairs[:, ::-1].astype(np.int32).ravel()
    tails = pairs.astype(np.int32).ravel()
    first = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(tails, minlength=n), out=first[1:])
    arcs = np.argsort(tails, kind="stable").astype(np.int32)
    rest = np.repeat(np.rint(np.clip(weights * SCALE, 0, LARGEST)).astype(np.int64), 2)
    assert len(heads) == 2 * m
    inside = np.empty(n, np.bool_)
    kernels.cut(heads, first, arcs, rest, terminal, inside)
    return inside
