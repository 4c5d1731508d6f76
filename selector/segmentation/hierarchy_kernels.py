"""The inner loops of `hierarchy`: what superpixels look like, where they touch, and greedy merging.

Regions are nodes 0..2n-2 of the tree: the n superpixels, then the merges. An edge e joins the regions ends[2e] and
ends[2e + 1]; these two places are its halves, and a linked list strings up the halves that belong to a region. Edges
wait in a binary heap of the cheapest first, ties by number: heap[i] is an edge and place[e] its index there, or -1
once the edge is gone.
"""

import numpy as np
from numba import float32, types
from numpy.typing import NDArray

from selector.segmentation.compiled import LABELS, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Labels = NDArray[np.uint16]

INVISIBLE = 5.0  # a squared difference in features that means nothing
SCATTER = 50.0  # the same for the scatter within regions


@compiled(types.void(float32[:, :, ::1], LABELS, types.float64[:, ::1]))
def sum_superpixels(lab: NDArray[np.float32], labels: Labels, sums: Floats) -> None:
    """Add up colour and size of every superpixel.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    labels : uint16 ndarray, shape (H, W)
    sums : float64 ndarray, shape (n, 5)
        Zeros, to which L, a, b, L squared and the number of pixels are added.
    """
    height, width = labels.shape
    for y in range(height):
        row, row_l, row_a, row_b = labels[y], lab[0, y], lab[1, y], lab[2, y]
        end = 0
        while end < width:
            label, begin = row[end], end
            l_sum, a_sum, b_sum, squares = 0.0, 0.0, 0.0, 0.0
            while end < width and row[end] == label:
                lightness = types.float64(row_l[end])
                l_sum, a_sum, b_sum = l_sum + lightness, a_sum + row_a[end], b_sum + row_b[end]
                squares += lightness * lightness
                end += 1
            total = sums[label]
            total[0], total[1], total[2] = total[0] + l_sum, total[1] + a_sum, total[2] + b_sum
            total[3] += squares
            total[4] += end - begin


@compiled("i8(i8, i8, i4[::1], i4[::1])")
def _count(one: int, other: int, keys: Ints, counts: Ints) -> int:
    """Count one pixel of border between two labels in a hash table; gives 1 if it is their first, else 0."""
    mask = keys.shape[0] - 1
    key = min(one, other) << 15 | max(one, other)
    slot = (key * 0x9E3779B1 >> 15) & mask
    while keys[slot] != key:
        if keys[slot] < 0:
            keys[slot], counts[slot] = key, 1
            return 1
        slot = (slot + 1) & mask
    counts[slot] += 1
    return 0


@compiled(types.int64(LABELS, types.int32[::1], types.int32[::1]))
def count_borders(labels: Labels, keys: Ints, counts: Ints) -> int:
    """Count along how many pixels every two labels touch, in a hash table.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    keys : int32 ndarray, shape (slots,)
        The two labels of a slot, ``smaller << 15 | larger``; -1 where it is empty, as all must be at first. The
        number of slots is a power of two.
    counts : int32 ndarray, shape (slots,)
        Filled in where a slot is taken.

    Returns
    -------
    int
        How many slots are taken; -1 as soon as one more row might take more than half.
    """
    height, width = labels.shape
    taken = 0
    for y in range(height):
        row, below = labels[y], labels[min(y + 1, height - 1)]
        for x in range(width):
            if row[x] != row[min(x + 1, width - 1)]:
                taken += _count(row[x], row[x + 1], keys, counts)
            if row[x] != below[x]:
                taken += _count(row[x], below[x], keys, counts)
        if 2 * taken > keys.shape[0] - 4 * width:
            return -1
    return taken


@compiled("f8(f8[:,::1], i8, i8)")
def _squared_difference(features: Floats, one: int, other: int) -> float:
    """Squared Euclidean distance of two rows of `features`."""
    total = 0.0
    for i in range(features.shape[1]):
        total += (features[one, i] - features[other, i]) ** 2
    return total


@compiled("f8(f8[:,::1], f8[:,::1], i8, i8, f8, f8)")
def _cost(features: Floats, regions: Floats, a: int, b: int, border: float, contrast: float) -> float:
    """What it costs to merge regions a and b that touch along `border` pixels, with a sum of `contrast` across."""
    difference = _squared_difference(features, a, b) + 0.5 * contrast / border + INVISIBLE
    size = regions[a, 0] + regions[b, 0]
    loss = regions[a, 0] * regions[b, 0] / size * difference
    scatter = (regions[a, 2] + regions[b, 2]) / size + SCATTER
    cost: float = loss * np.sqrt(np.sqrt(min(regions[a, 1], regions[b, 1]) / (border * scatter)))
    return cost


@compiled("b1(f8[::1], i8, i8)")
def _before(costs: Floats, one: int, other: int) -> bool:
    """Whether one edge goes before another: it costs less, or as much and has the smaller number."""
    return costs[one] < costs[other] or (costs[one] == costs[other] and one < other)


@compiled("void(f8[::1], i4[::1], i4[::1], i8, i8)")
def _sift(costs: Floats, heap: Ints, place: Ints, position: int, count: int) -> None:
    """Move the edge at `position` up or down to where it belongs among the `count` of the heap."""
    edge = heap[position]
    while position > 0 and _before(costs, edge, heap[(position - 1) // 2]):
        heap[position] = heap[(position - 1) // 2]
        place[heap[position]] = position
        position = (position - 1) // 2
    while 2 * position + 1 < count:
        child = 2 * position + 1
        if child + 1 < count and _before(costs, heap[child + 1], heap[child]):
            child += 1
        if _before(costs, edge, heap[child]):
            break
        heap[position] = heap[child]
        place[heap[position]] = position
        position = child
    heap[position] = edge
    place[edge] = position


@compiled("i8(f8[::1], i4[::1], i4[::1], i8, i8)")
def _remove(costs: Floats, heap: Ints, place: Ints, edge: int, count: int) -> int:
    """Take an edge out of the heap of `count`; gives how many are left."""
    position = place[edge]
    place[edge] = -1
    count -= 1
    if position < count:
        heap[position] = heap[count]
        _sift(costs, heap, place, position, count)
    return count


@compiled("void(f8[:,::1], f8[:,::1], i8, i8, i8, f8)")
def _unite(features: Floats, regions: Floats, a: int, b: int, node: int, border: float) -> None:
    """Fill in the rows of `node`, made of regions a and b that touch along `border` pixels."""
    size = regions[a, 0] + regions[b, 0]
    lost = regions[a, 0] * regions[b, 0] / size * _squared_difference(features, a, b)
    for i in range(features.shape[1]):
        features[node, i] = (features[a, i] * regions[a, 0] + features[b, i] * regions[b, 0]) / size
    regions[node, 0] = size
    regions[node, 1] = regions[a, 1] + regions[b, 1] - 2 * border
    regions[node, 2] = regions[a, 2] + regions[b, 2] + lost


@compiled("void(i4[::1], i4[::1], i4[::1], i4[::1])")
def _string_up(ends: Ints, first: Ints, last: Ints, following: Ints) -> None:
    """Link the halves of edges that belong to one region: `first`, then `following`, up to `last`; -1 for none."""
    first[:] = -1
    following[:] = -1
    for half in range(ends.shape[0]):
        region = ends[half]
        if first[region] < 0:
            first[region] = half
        else:
            following[last[region]] = half
        last[region] = half


@compiled("i8(i8, i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], f8[:,::1], f8[::1], i4[::1], i4[::1], i8)")
def _tidy(
    node: int,
    ends: Ints,
    first: Ints,
    last: Ints,
    following: Ints,
    met: Ints,
    met_by: Ints,
    borders: Floats,
    costs: Floats,
    heap: Ints,
    place: Ints,
    count: int,
) -> int:
    """Make the edges of a new node its own: drop those that are gone, and join two that lead to the same region.

    Gives how many edges are left in the heap.
    """
    half, kept = first[node], -1
    while half >= 0:
        edge, other = half >> 1, ends[half ^ 1]
        if place[edge] >= 0 and met_by[other] == node:
            borders[met[other]] += borders[edge]
            count = _remove(costs, heap, place, edge, count)
        elif place[edge] >= 0:
            met[other], met_by[other], ends[half] = edge, node, node
            if kept < 0:
                first[node] = half
            else:
                following[kept] = half
            kept = half
        half = following[half]
    last[node] = kept
    if kept < 0:
        first[node] = -1
    else:
        following[kept] = -1
    return count


@compiled("void(f8[:,::1], f8[:,::1], i4[::1], f8[:,::1], u2[::1])")
def merge(features: Floats, regions: Floats, ends: Ints, borders: Floats, parents: Labels) -> None:
    """Merge the two regions that cost least, again and again, until one is left.

    Parameters
    ----------
    features : float64 ndarray, shape (2n - 1, f)
        What is compared. Filled in for the n superpixels; the rows of merges are filled in here.
    regions : float64 ndarray, shape (2n - 1, 3)
        Size, perimeter and scatter, in the same way.
    ends : int32 ndarray, shape (2 * edges,)
        The regions that each edge joins, changed.
    borders : float64 ndarray, shape (edges, 2)
        The length of each edge and the sum of contrast along it, changed.
    parents : uint16 ndarray, shape (2n - 1,)
        Filled in with the node that each went into.
    """
    n_nodes, n_edges = parents.shape[0], borders.shape[0]
    first, last, following = np.empty(n_nodes, np.int32), np.empty(n_nodes, np.int32), np.empty_like(ends)
    _string_up(ends, first, last, following)
    # By which edge a region is met in the list of a new node, and which node that is.
    met, met_by = np.empty(n_nodes, np.int32), np.full(n_nodes, -1, np.int32)
    costs = np.empty(n_edges, np.float64)
    heap, place = np.arange(n_edges).astype(np.int32), np.arange(n_edges).astype(np.int32)
    for e in range(n_edges):
        costs[e] = _cost(features, regions, ends[2 * e], ends[2 * e + 1], borders[e, 0], borders[e, 1])
    for position in range(n_edges // 2 - 1, -1, -1):
        _sift(costs, heap, place, position, n_edges)
    count = n_edges
    for node in range((n_nodes + 1) // 2, n_nodes):
        edge = heap[0]
        a, b = ends[2 * edge], ends[2 * edge + 1]
        parents[a] = parents[b] = node
        _unite(features, regions, a, b, node, borders[edge, 0])
        count = _remove(costs, heap, place, edge, count)
        first[node], following[last[a]] = first[a], first[b]
        count = _tidy(node, ends, first, last, following, met, met_by, borders, costs, heap, place, count)
        half = first[node]
        while half >= 0:
            e = half >> 1
            costs[e] = _cost(features, regions, node, ends[half ^ 1], borders[e, 0], borders[e, 1])
            _sift(costs, heap, place, place[e], count)
            half = following[half]
    parents[n_nodes - 1] = n_nodes - 1
