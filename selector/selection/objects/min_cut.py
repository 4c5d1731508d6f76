"""The cheapest division of superpixels into two sides: a minimum cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Members
from selector.selection.objects.graph import Graph

Numbers = npt.NDArray[np.float64]

# Capacities are whole numbers, so that the answer does not hang on how sums are rounded.
SCALE = 100.0
LARGEST = 2**20


def min_cut(costs: Numbers, graph: Graph, weights: Numbers) -> Members:
    """The superpixels inside, where being inside and parting neighbours cost least together.

    Parameters
    ----------
    costs : float64 ndarray, shape (n,)
        What it costs more to be inside than to be outside; infinite where that is settled.
    graph : Graph
        Of n superpixels and m pairs of neighbours.
    weights : float64 ndarray, shape (m,)
        What it costs to part them, 0 or more.

    Returns
    -------
    bool ndarray, shape (n,)
        Of several cheapest divisions the one with the fewest inside.
    """
    from selector.selection.objects import min_cut_kernels as kernels

    terminal = np.rint(np.clip(-costs * SCALE, -LARGEST, LARGEST)).astype(np.int64)
    rest = np.repeat(np.rint(np.clip(weights * SCALE, 0, LARGEST)).astype(np.int64), 2)
    assert len(rest) == len(graph.heads)
    inside = np.empty(len(costs), np.bool_)
    kernels.cut(graph.heads, graph.first, graph.arcs, rest, terminal, inside)
    return inside
