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
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    n = len(costs)
    whole = np.rint(np.clip(costs * SCALE, -LARGEST, LARGEST)).astype(np.int32)
    between = np.rint(np.clip(weights * SCALE, 0, LARGEST)).astype(np.int32)
    source, sink, nodes = n, n + 1, np.arange(n)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.full(n, source), nodes])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], nodes, np.full(n, sink)])
    capacities = np.concatenate([between, between, np.maximum(-whole, 0), np.maximum(whole, 0)])
    graph = csr_array((capacities, (rows, columns)), shape=(n + 2, n + 2))
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, source, return_predecessors=False)
    inside = np.zeros(n + 2, bool)
    inside[reached] = True
    members: Members = inside[:n]
    return members
