"""The inner loops of `ways`, over the arrays of a `Graph`."""

import numpy as np
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

GRAPH = "i4[::1], i4[::1], i4[::1]"


@compiled(f"void({GRAPH}, f8[::1], f8[::1])")
def spread(heads: Ints, first: Ints, arcs: Ints, lengths: Floats, distances: Floats) -> None:
    """Make distances those of the shortest ways: Dijkstra's, with a binary heap in which a node may stand repeatedly.

    Parameters
    ----------
    heads, first, arcs : int32 ndarray
        Of the graph.
    lengths : float64 ndarray, shape (m,)
        Of its edges, above zero.
    distances : float64 ndarray, shape (n,)
        Zero where ways begin, infinite elsewhere, and changed.
    """
    # A node comes in anew whenever it is reached on a shorter way: over each of its arcs once at most.
    room = distances.shape[0] + heads.shape[0]
    keys, nodes, count = np.empty(room), np.empty(room, np.int32), 0
    for node in range(distances.shape[0]):
        if distances[node] == 0:
            keys[count], nodes[count] = 0.0, node  # equal keys are a heap in any order
            count += 1
    while count > 0:
        key, node = keys[0], nodes[0]
        count -= 1
        last, lasting = keys[count], nodes[count]
        hole = 0
        while 2 * hole + 1 < count:
            child = 2 * hole + 1
            if child + 1 < count and keys[child + 1] < keys[child]:
                child += 1
            if keys[child] >= last:
                break
            keys[hole], nodes[hole] = keys[child], nodes[child]
            hole = child
        keys[hole], nodes[hole] = last, lasting
        if key > distances[node]:
            continue
        for i in range(first[node], first[node + 1]):
            other, far = heads[arcs[i]], key + lengths[arcs[i] >> 1]
            if far >= distances[other]:
                continue
            distances[other] = far
            hole = count
            count += 1
            while hole > 0 and keys[(hole - 1) >> 1] > far:
                keys[hole], nodes[hole] = keys[(hole - 1) >> 1], nodes[(hole - 1) >> 1]
                hole = (hole - 1) >> 1
            keys[hole], nodes[hole] = far, other


@compiled(f"i8({GRAPH}, b1[::1], i8[::1])")
def part(heads: Ints, first: Ints, arcs: Ints, members: Flags, parts: NDArray[np.int64]) -> int:
    """Number the connected parts of some nodes; each of the others is a part of its own.

    Parameters
    ----------
    heads, first, arcs : int32 ndarray
        Of the graph.
    members : bool ndarray, shape (n,)
    parts : int64 ndarray, shape (n,)
        -1 everywhere; filled in.

    Returns
    -------
    int
        How many parts there are.
    """
    waiting, count = np.empty(members.shape[0], np.int32), 0
    for start in range(members.shape[0]):
        if parts[start] >= 0:
            continue
        parts[start] = count
        waiting[0], left = start, 1 if members[start] else 0
        while left > 0:
            left -= 1
            node = waiting[left]
            for i in range(first[node], first[node + 1]):
                other = heads[arcs[i]]
                if members[other] and parts[other] < 0:
                    parts[other], waiting[left] = count, other
                    left += 1
        count += 1
    return count
