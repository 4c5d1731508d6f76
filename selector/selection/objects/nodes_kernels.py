"""The inner loops of `nodes`: ways up a merge tree, in which every parent has a higher number than its children."""

import numpy as np
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Nodes = NDArray[np.int64]


@compiled("void(i8[::1], b1[::1])")
def hold(up: Nodes, holds: NDArray[np.bool_]) -> None:
    """Mark all nodes above those that are marked.

    Parameters
    ----------
    up : int64 ndarray, shape (2n - 1,)
        Parents.
    holds : bool ndarray, shape (2n - 1,)
        Changed.
    """
    for node in range(up.shape[0]):
        if holds[node]:
            holds[up[node]] = True


@compiled("void(i8[::1], b1[::1], i8[::1])")
def find_tops(up: Nodes, ends: NDArray[np.bool_], tops: Nodes) -> None:
    """For each node the first one on its way up, itself included, at which ways end.

    Parameters
    ----------
    up : int64 ndarray, shape (2n - 1,)
    ends : bool ndarray, shape (2n - 1,)
        The root is one of them.
    tops : int64 ndarray, shape (2n - 1,)
        Filled in.
    """
    for node in range(up.shape[0] - 1, -1, -1):
        tops[node] = node if ends[node] else tops[up[node]]


@compiled("void(i8[::1], b1[::1], f8[::1])")
def add_up(up: Nodes, holds: NDArray[np.bool_], totals: NDArray[np.float64]) -> None:
    """Add to each node that is marked what those below it have.

    Parameters
    ----------
    up : int64 ndarray, shape (2n - 1,)
    holds : bool ndarray, shape (2n - 1,)
        What is above one that is marked is marked.
    totals : float64 ndarray, shape (2n - 1,)
        Changed.
    """
    for node in range(up.shape[0] - 1):
        if holds[node]:
            totals[up[node]] += totals[node]
