"""Objects as nodes of the merge tree: the one that stands out most around a point."""

from __future__ import annotations

import numpy as np

from selector.arrays import Labels, Members, Parents
from selector.selection.geometry import Point, superpixels_at
from selector.selection.objects.look import Look
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
