"""Which regions of an image to index: nodes of its merge tree that differ most from each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import Floats, unit

Parents = npt.NDArray[np.uint16]


def n_superpixels(parents: Parents) -> int:
    """Return how many leaves a merge tree of `len(parents)` = 2n - 1 nodes has."""
    return (len(parents) + 1) // 2


def node_members(parents: Parents, node: int) -> npt.NDArray[np.bool_]:
    """Return the superpixels under a node of the merge tree.

    Parameters
    ----------
    parents : uint16 (2n - 1,)
        Parent of each node; the root's is itself. Children come before their parents.
    node : int
        0 .. 2n - 2; below n it is a superpixel itself.

    Returns
    -------
    bool (n,)
    """
    if not 0 <= node < len(parents):
        raise ValueError(f"node {node} is not one of the {len(parents)} of the tree")
    below = np.zeros(len(parents), dtype=bool)
    below[node] = True
    for child in range(node - 1, -1, -1):
        below[child] = below[parents[child]]
    return below[: n_superpixels(parents)]


def node_sums(parents: Parents, features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Add additive features up the merge tree.

    Parameters
    ----------
    parents : uint16 (2n - 1,)
    features : floating (n,) or (n, F)

    Returns
    -------
    floating (2n - 1,) or (2n - 1, F)
        The sums over the superpixels under each node.
    """
    n = n_superpixels(parents)
    if len(features) != n:
        raise ValueError(f"{len(features)} rows of features for {n} superpixels")
    sums = np.zeros((len(parents), *features.shape[1:]), dtype=features.dtype)
    sums[:n] = features
    for node in range(len(parents) - 1):
        sums[parents[node]] += sums[node]
    return sums


def candidates(
    parents: Parents,
    areas: npt.NDArray[np.integer],
    *,
    min_share: float = 0.01,
    max_share: float = 0.9,
) -> npt.NDArray[np.intp]:
    """Return the nodes of sensible size, in the order of their ids."""
    shares = node_sums(parents, areas.astype(np.float64)) / max(areas.sum(), 1)
    return np.flatnonzero((shares >= min_share) & (shares <= max_share))


def farthest_points(vectors: Floats, count: int, first: int = 0) -> list[int]:
    """Choose rows that differ: each next one is farthest (by cosine) from all chosen so far.

    Ties go to the lower row. Rows that repeat a chosen one are never taken, so fewer than `count` may come back.
    (Gonzalez, Clustering to minimize the maximum intercluster distance, 1985.)
    """
    chosen = [first]
    nearest = vectors @ vectors[first]
    while len(chosen) < min(count, len(vectors)):
        row = int(nearest.argmin())
        if nearest[row] > 1 - 1e-6:
            break
        chosen.append(row)
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return chosen


def choose_regions(
    parents: Parents,
    features: Floats,
    areas: npt.NDArray[np.integer],
    *,
    vectors: Callable[[Floats], Floats] = unit,
    count: int = 15,
    min_share: float = 0.01,
    max_share: float = 0.9,
) -> list[int]:
    """Choose the regions of an image to index.

    Parameters
    ----------
    parents : uint16 (2n - 1,)
        The merge tree.
    features : float32 (n, F)
        Additive features of each superpixel, in the space in which the regions are to differ.
    areas : integer (n,)
        Pixels of each superpixel.
    vectors : callable
        Turns sums of features (r, F) into unit vectors.
    count : int
        Regions beside the whole image.
    min_share, max_share : float
        Sizes to choose from, as shares of the image.

    Returns
    -------
    list of int
        Nodes of the tree: the root first, then at most `count` others, in the order they were chosen.
    """
    root = len(parents) - 1
    nodes = np.concatenate([[root], candidates(parents, areas, min_share=min_share, max_share=max_share)])
    nodes = nodes[np.r_[True, nodes[1:] != root]]
    sums = node_sums(parents, features)[nodes]
    return [int(nodes[row]) for row in farthest_points(vectors(sums), count + 1)]
