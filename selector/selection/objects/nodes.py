"""Nodes of the merge tree that tell of objects: the one that stands out around a point, those that hold two places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Members, Parents
from selector.selection.geometry import Point, superpixels_at
from selector.selection.objects.look import Look, Numbers
from selector.selection.tree import node_members

SMALLEST, LARGEST = 0.002, 0.6


def salient_node(labels: Labels, parents: Parents, look: Look, point: Point) -> int:
    """The node of the merge tree that stands out most around a point.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    point : (x, y)

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the point lies outside of the photo.
    """
    node = int(superpixels_at(labels, [point])[0])
    path = [node]
    while (parent := int(parents[node])) != node:
        path.append(node := parent)
    shares = [float(look.areas[node_members(parents, each)].sum() / look.areas.sum()) for each in path]
    fitting = [i for i, share in enumerate(shares) if SMALLEST <= share <= LARGEST]
    if not fitting:
        return path[0]
    return path[max(fitting, key=lambda i: _stands_out(look, node_members(parents, path[i])))]


def _stands_out(look: Look, members: Members) -> float:
    """How much a region stands out from what is around it: contrast along its outline, times how compact it is."""
    one, other = members[look.pairs].T
    edge = one != other
    length = float(look.borders[edge].sum())
    contrast = float((look.borders * look.contrasts)[edge].sum()) / max(length, 1.0)
    area = float(look.areas[members].sum())
    compact = min(4 * np.pi * area / max(length, 1.0) ** 2, 1.0)
    return float(contrast * compact**0.25)


class SmallestNodes:
    """For each superpixel the smallest node of the merge tree that holds it and one of some others.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    members : bool ndarray, shape (n,)
        Those others. Where there are none, the node is the whole photo.
    """

    def __init__(self, parents: Parents, members: Members) -> None:
        from selector.selection.objects import nodes_kernels as kernels

        self._up = parents.astype(np.intp)
        self._holds = np.zeros(len(self._up), bool)
        self._holds[: len(members)], self._holds[-1] = members, True
        kernels.hold(self._up, self._holds)
        self._nodes = self._tops(self._holds)[: len(members)]

    def _tops(self, ends: Members) -> npt.NDArray[np.intp]:
        """For each node the first one on its way up, itself included, at which ways end."""
        from selector.selection.objects import nodes_kernels as kernels

        tops = np.empty_like(self._up)
        kernels.find_tops(self._up, ends, tops)
        return tops

    def sums(self, values: Numbers) -> Numbers:
        """For each superpixel, values summed over its node.

        Parameters
        ----------
        values : float64 ndarray, shape (n,)

        Returns
        -------
        float64 ndarray, shape (n,)
        """
        from selector.selection.objects import nodes_kernels as kernels

        totals = np.bincount(self._nodes, values, len(self._up)).astype(np.float64)
        kernels.add_up(self._up, self._holds, totals)
        sums: Numbers = totals[self._nodes]
        return sums

    def parts(self) -> Numbers:
        """Of how many nodes the photo is just before each superpixel's node is made; of one of the others itself, more.

        Returns
        -------
        float64 ndarray, shape (n,)
        """
        parts: Numbers = (len(self._up) + 1 - self._nodes).astype(np.float64)
        return parts

    def sums_without(self, values: Numbers) -> Numbers:
        """For each superpixel, values summed over the largest node that holds it and none of those others.

        Parameters
        ----------
        values : float64 ndarray, shape (n,)

        Returns
        -------
        float64 ndarray, shape (n,)
            Of those others themselves, their own values.
        """
        tops = self._tops(self._holds[self._up])[: len(values)]
        sums = np.bincount(tops, values, len(self._up))
        return np.asarray(sums[tops], np.float64)
