"""Nodes of the merge tree: the superpixels below a node, and the way up and down.

The tree is given as `parents`, uint16 (2n - 1,): the superpixels are the leaves 0..n-1, every parent has a higher
number than its children, and the root is its own parent.
"""

from __future__ import annotations

import numpy as np

from selector.arrays import Cut, Members, Parents


def node_members(parents: Parents, node: int) -> Members:
    """The superpixels below a node; of a superpixel, itself.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    node : int

    Returns
    -------
    bool ndarray, shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> node_members(np.array([3, 4, 3, 4, 4], np.uint16), 3)
    array([ True, False,  True])
    """
    tops = np.where(parents <= node, parents, np.arange(parents.size)).astype(np.intp)
    # Every parent has a higher number than its children, so "up, but not beyond node" ends at the node for
    # its own superpixels and elsewhere for all others. Pointers to pointers take log2(depth) rounds.
    while not np.array_equal(tops, further := tops[tops]):
        tops = further
    members: Members = tops[: (parents.size + 1) // 2] == node
    return members


def path_to_root(parents: Parents, node: int) -> list[int]:
    """The node, its parent, and so on up to the root.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    node : int

    Returns
    -------
    list of int

    Examples
    --------
    >>> import numpy as np
    >>> path_to_root(np.array([3, 4, 3, 4, 4], np.uint16), 2)
    [2, 3, 4]
    """
    path = [node]
    while (parent := int(parents[path[-1]])) != path[-1]:
        path.append(parent)
    return path


def cut_around(cut: Cut, parents: Parents, node: int, superpixel: int) -> Cut:
    """A cut in which a node of the tree is the region of a superpixel below it, whatever the level.

    Parameters
    ----------
    cut : uint16 ndarray, shape (n,)
    parents : uint16 ndarray, shape (2n - 1,)
    node, superpixel : int

    Returns
    -------
    uint16 ndarray, shape (n,)
        Where the node is larger than a region, the numbers of those within it are missing; where it is smaller, the
        rest of that region keeps its number.

    Raises
    ------
    ValueError
        If the superpixel does not lie below the node.

    Examples
    --------
    >>> import numpy as np
    >>> parents = np.array([3, 4, 3, 4, 4], np.uint16)
    >>> cut_around(np.array([0, 1, 2], np.uint16), parents, 3, 2)
    array([2, 1, 2], dtype=uint16)
    """
    if node not in path_to_root(parents, superpixel):
        raise ValueError("That part of the photo is not under the point.")
    members = node_members(parents, node)
    around = cut.copy()
    splits = (cut == cut[superpixel])[~members].any()
    around[members] = int(cut.max()) + 1 if splits else cut[superpixel]
    return around
