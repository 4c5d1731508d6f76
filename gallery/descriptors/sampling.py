"""Which regions of an image to index: the nodes of its merge tree that differ most from each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import Floats, unit

Parents = npt.NDArray[np.uint16]
Nodes = npt.NDArray[np.intp]

COUNT = 15
MIN_SHARE = 0.02
MAX_SHARE = 0.95


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
    """Choose the whole image and a few of its regions, as different from each other as can be.

    Parameters
    ----------
    parents : uint16 (2n - 1,)
        Merge tree: the parent of each node, the root's is itself, children come before parents.
    features : float32 (n, F)
        Additive features of each superpixel, in the space in which the regions are to differ.
    areas : integer (n,)
        Pixels of each superpixel.
    vectors : callable, optional
        What turns summed features, float32 (r, F), into unit vectors.
    count : int, optional
        How many regions to choose beside the whole image.
    min_share, max_share : float, optional
        The sizes to choose from, as shares of the image.

    Returns
    -------
    list of int
        Nodes of the tree: the root, then at most `count` others in the order of choice. Always the same ones.

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
    rows = farthest_points(vectors(node_sums(parents, features)[nodes]), count + 1)
    return [int(nodes[row]) for row in rows]


def candidates(
    parents: Parents,
    areas: npt.NDArray[np.integer],
    *,
    min_share: float = MIN_SHARE,
    max_share: float = MAX_SHARE,
) -> Nodes:
    """Return the nodes below the root that have a sensible size, in the order of their numbers."""
    sizes = node_sums(parents, areas[:, None].astype(np.float32))[:, 0]
    shares = sizes[:-1] / max(sizes[-1], 1.0)
    return np.flatnonzero((shares >= min_share) & (shares <= max_share))


def node_sums(parents: Parents, features: Floats) -> Floats:
    """Add features up the merge tree.

    Parameters
    ----------
    parents : uint16 (2n - 1,)
    features : float32 (n, F)
        Additive features of each superpixel.

    Returns
    -------
    float32 (2n - 1, F)
        Of each node, the sum over the superpixels below it.

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


def farthest_points(vectors: Floats, count: int) -> list[int]:
    """Choose rows that differ: the first, then again and again the one farthest from all chosen before.

    (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.)

    Parameters
    ----------
    vectors : float32 (k, D)
        Unit vectors, compared by cosine. k is at least 1.
    count : int
        How many rows to choose. Copies of a chosen row are never chosen, so it may become fewer.

    Returns
    -------
    list of int
        Of rows equally far, the lowest is taken.

    Examples
    --------
    >>> farthest_points(np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32), 3)
    [0, 2, 3]
    """
    chosen = [0]
    nearest = vectors @ vectors[0]
    while len(chosen) < count:
        row = int(nearest.argmin())
        if nearest[row] > 1 - 1e-5:
            break
        chosen.append(row)
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return chosen
