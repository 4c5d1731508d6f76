"""Superpixels that touch, as a graph: every pair of them is an edge, and an arc in each direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """n superpixels and the m pairs of them that touch, so arranged that one goes from each to its neighbours.

    Attributes
    ----------
    heads : int32 ndarray, shape (2m,)
        Where arcs lead to; arcs 2e and 2e + 1 are the two directions of the pair e. An arc a comes from `heads[a ^ 1]`.
    first : int32 ndarray, shape (n + 1,)
    arcs : int32 ndarray, shape (2m,)
        Those out of superpixel v are `arcs[first[v] : first[v + 1]]`. Where pairs are in order, the smaller number
        first, they lead to one neighbour after the other in order.
    """

    heads: Ints
    first: Ints
    arcs: Ints

    @classmethod
    def of(cls, n: int, pairs: npt.NDArray[np.intp]) -> Graph:
        """The graph of pairs.

        Parameters
        ----------
        n : int
        pairs : intp ndarray, shape (m, 2)

        Returns
        -------
        Graph
        """
        tails = pairs.astype(np.int32).ravel()
        first = np.zeros(n + 1, np.int32)
        np.cumsum(np.bincount(tails, minlength=n), out=first[1:])
        arcs = np.argsort(tails, kind="stable").astype(np.int32)
        return cls(pairs[:, ::-1].astype(np.int32).ravel(), first, arcs)
