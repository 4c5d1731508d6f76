"""Regions as nodes of the merge tree: the superpixels below a node, its parent and its children."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from selector.arrays import Labels, Members

# The merge tree


def node_members(parents: Labels, node: int) -> Members:
    """The superpixels below `node` of the merge tree (itself, if it is one): bool ``(n,)``."""
    tops = np.where(parents <= node, parents, np.arange(parents.size)).astype(np.intp)
    # Every parent has a higher number than its children, so "up, but not beyond node" ends at the node for
    # its own superpixels and elsewhere for all others. Pointers to pointers take log2(depth) rounds.
    while not np.array_equal(tops, further := tops[tops]):
        tops = further
    members: Members = tops[: (parents.size + 1) // 2] == node
    return members


def covering_node(parents: Labels, members: Members) -> int:
    """The smallest node of the merge tree that holds all `members`; ValueError when there is none."""
    superpixels = np.flatnonzero(members)
    if not superpixels.size:
        raise ValueError("No superpixel is given.")
    ancestors = _path_to_root(parents, int(superpixels[0]))
    held = bisect_left(ancestors, True, key=lambda node: bool(node_members(parents, node)[members].all()))
    return ancestors[held]


def parent_region(parents: Labels, members: Members) -> Members:
    """One step up: the smallest node that holds `members` and more; the whole photo stays the whole photo.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n-1,)
    members : bool ndarray, shape (n,), at least one set; usually the members of one region

    Returns
    -------
    bool ndarray, shape (n,)
    """
    node = covering_node(parents, members)
    region = node_members(parents, node)
    return node_members(parents, int(parents[node])) if np.array_equal(region, members) else region


def child_region(parents: Labels, members: Members, superpixel: int) -> Members:
    """One step down: of the two halves of the node that holds `members`, the one with `superpixel`.

    A single superpixel has no halves: the answer is empty. ValueError when `superpixel` is not a member.
    """
    if not members[superpixel]:
        raise ValueError("The superpixel lies outside the region.")
    top = covering_node(parents, members)
    below = [node for node in _path_to_root(parents, superpixel) if node < top]
    return node_members(parents, below[-1]) if below else np.zeros_like(members)


def _path_to_root(parents: Labels, node: int) -> list[int]:
    path = [node]
    while (parent := int(parents[path[-1]])) != path[-1]:
        path.append(parent)
    return path


def largest_selected_node(selected: Members, parents: Labels, superpixel: int) -> int:
    """The highest ancestor of `superpixel`, itself selected, whose members are all selected."""
    ancestors = _path_to_root(parents, superpixel)
    too_large = bisect_left(ancestors, True, key=lambda node: not selected[node_members(parents, node)].all())
    return ancestors[too_large - 1]
