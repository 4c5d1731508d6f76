"""Which regions of an image to index: the few nodes of its merge tree that represent all its regions best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from selector.arrays import Floats

Parents = npt.NDArray[np.uint16]
Nodes = npt.NDArray[np.intp]

COUNT = 15
MIN_SHARE = 0.01
MAX_SHARE = 0.95
GROWTH = 1.05  # where the parent of a node is larger by less than this, only the parent is a candidate


def choose_regions(
    parents: Parents,
    features: Floats,
    areas: npt.NDArray[np.integer],
    *,
    vectors: Callable[[Floats], Floats] = unit,
    count: int = COUNT,
    min_share: float = MIN_SHARE,
    max_share: float = MAX_SHARE,
) -> list[int]:
    """Choose the whole image and a few of its regions that represent all of them.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
        Merge tree: the parent of each node, the root's is itself, children come before parents.
    features : float32 ndarray, shape (n, F)
        Additive features of each superpixel, in the space in which regions are compared.
    areas : integer ndarray, shape (n,)
        Pixels of each superpixel.
    vectors : callable, optional
        Turns summed features, float32 (r, F), into unit vectors, float32 (r, D).
    count : int, optional
        How many regions to choose beside the whole image.
    min_share, max_share : float, optional
        The sizes to choose from, as shares of the image.

    Returns
    -------
    list of int
        Nodes of the tree: the root, then at most `count` others in the order of choice. Equal arguments give equal
        nodes.

    Raises
    ------
    ValueError
        If the arrays are not of one tree.

    Examples
    --------
    >>> parents = np.array([4, 4, 5, 5, 6, 6, 6], np.uint16)
    >>> features = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    >>> choose_regions(parents, features, np.full(4, 25))
    [6, 0, 2]
    """
    root = len(parents) - 1
    nodes = np.concatenate([[root], candidates(parents, areas, min_share=min_share, max_share=max_share)])
    rows = facility_location(vectors(node_sums(parents, features)[nodes]), count + 1)
    return [int(nodes[row]) for row in rows]


def candidates(
    parents: Parents,
    areas: npt.NDArray[np.integer],
    *,
    min_share: float = MIN_SHARE,
    max_share: float = MAX_SHARE,
) -> Nodes:
    """Find the nodes below the root whose size lies between two limits.

    Where a region grows by one small piece after the other, only the last of these nodes is among them.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
        Merge tree.
    areas : integer ndarray, shape (n,)
        Pixels of each superpixel.
    min_share, max_share : float, optional
        The limits, as shares of the image.

    Returns
    -------
    intp ndarray, shape (k,)
        Nodes in ascending order.
    """
    shares = node_sums(parents, areas[:, None].astype(np.float32))[:, 0]
    shares /= max(float(shares[-1]), 1.0)
    sensible = (shares >= min_share) & (shares <= max_share)
    grown = shares[parents]
    return np.flatnonzero(sensible[:-1] & ((grown >= GROWTH * shares) | (grown > max_share))[:-1])


def node_sums(parents: Parents, features: Floats) -> Floats:
    """Add features up the merge tree.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
        Merge tree.
    features : float32 ndarray, shape (n, F)
        Additive features of each superpixel.

    Returns
    -------
    float32 ndarray, shape (2n - 1, F)
        For each node, the sum over the superpixels below it.

    Raises
    ------
    ValueError
        If there are more or fewer rows than superpixels.
    """
    from gallery.descriptors import kernels

    n = (len(parents) + 1) // 2
    if len(features) != n:
        raise ValueError(f"{len(features)} rows of features do not fit a tree over {n} superpixels")
    sums = np.zeros((len(parents), features.shape[1]), np.float32)
    sums[:n] = features
    kernels.add_up(np.ascontiguousarray(parents), sums)
    return sums


def facility_location(vectors: Floats, count: int) -> list[int]:
    """Choose the rows that represent all rows best, by greedy facility location.

    Each next row is the one that most raises the sum, over all rows, of the cosine to the nearest chosen row. With as
    many rows this keeps more of the mean average precision than farthest points, which prefer odd rows to common ones.

    Parameters
    ----------
    vectors : float32 ndarray, shape (k, D)
        Unit vectors; the first is always chosen, so k is at least 1.
    count : int
        How many to choose. Fewer are chosen where all rows are alike to a chosen one already.

    Returns
    -------
    list of int
        Rows in the order of choice; of rows with equal gains, the lowest.

    References
    ----------
    Nemhauser, Wolsey, Fisher, "An analysis of approximations for maximizing submodular set functions", 1978: the result
    is never below 63% of the optimum.

    Examples
    --------
    >>> facility_location(np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32), 2)
    [0, 2]
    """
    likeness = vectors @ vectors.T
    chosen, nearest = [0], likeness[0]
    while len(chosen) < count:
        gains = np.maximum(likeness - nearest, 0).sum(axis=1)
        row = int(gains.argmax())
        if gains[row] < 1e-4:
            break
        chosen.append(row)
        nearest = np.maximum(nearest, likeness[row])
    return chosen
