"""The inner loops of `min_cut`: two search trees that grow towards each other and are mended, never built anew.

Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow algorithms for energy minimization in vision",
PAMI 2004, with their marking of distances.

Arc a leads from heads[a ^ 1] to heads[a]; rest[a] is what can still flow along it. The arcs out of node v are
arcs[first[v] : first[v + 1]]. terminal[v] is what can still flow from the source to v, below zero from v to the sink.
tree[v] is FREE, SOURCE or SINK, and up[v] the arc to v's parent or one of NONE, ROOT and ORPHAN. checked[v] is the
round in which steps[v], the distance of v from the terminal, was last known to be right.
"""

import numpy as np
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Ints = NDArray[np.int32]
Capacities = NDArray[np.int64]
Flags = NDArray[np.bool_]

FREE, SOURCE, SINK = 0, 1, 2
NONE, ROOT, ORPHAN = -1, -2, -3
FAR = 2**30

# Types of heads, first, arcs and rest; of tree, up, checked and steps.
GRAPH, TREES = "i4[::1], i4[::1], i4[::1], i8[::1]", "i4[::1], i4[::1], i4[::1], i4[::1]"


@compiled("i8(i4[::1], i4[::1], i4[::1], i4[::1], i8, i8)")
def _distance(heads: Ints, up: Ints, checked: Ints, steps: Ints, node: int, now: int) -> int:
    """How many steps a node is from the terminal of its tree; FAR if it hangs on an orphan. What is seen is marked."""
    distance, at = 0, node
    while True:
        if checked[at] == now:
            distance += steps[at]
            break
        distance += 1
        arc = up[at]
        if arc == ROOT:
            checked[at], steps[at] = now, 1
            break
        if arc < 0:
            return FAR
        at = heads[arc]
    left, at = distance, node
    while checked[at] != now:
        checked[at], steps[at] = now, left
        left -= 1
        at = heads[up[at]]
    return distance


@compiled("i8(i8[::1], i4[::1], i8[::1], i4[::1], i8, i4[::1])")
def _augment(rest: Capacities, heads: Ints, terminal: Capacities, up: Ints, middle: int, orphans: Ints) -> int:
    """Let flow what can along the path through the arc `middle`; gives how many nodes became orphans."""
    flow = rest[middle]
    node = heads[middle ^ 1]
    while up[node] != ROOT:
        flow, node = min(flow, rest[up[node] ^ 1]), heads[up[node]]
    flow = min(flow, terminal[node])
    node = heads[middle]
    while up[node] != ROOT:
        flow, node = min(flow, rest[up[node]]), heads[up[node]]
    flow = min(flow, -terminal[node])
    rest[middle] -= flow
    rest[middle ^ 1] += flow
    count = 0
    for side in range(2):
        node = heads[middle ^ 1] if side == 0 else heads[middle]
        while up[node] != ROOT:
            arc = up[node]
            towards = arc ^ 1 if side == 0 else arc
            rest[towards] -= flow
            rest[towards ^ 1] += flow
            if rest[towards] == 0:
                up[node] = ORPHAN
                orphans[count] = node
                count += 1
            node = heads[arc]
        terminal[node] -= flow if side == 0 else -flow
        if terminal[node] == 0:
            up[node] = ORPHAN
            orphans[count] = node
            count += 1
    return count


@compiled("void(i8, i4[::1], b1[::1], i8[::1])")
def _wait(node: int, queue: Ints, waits: Flags, counts: Capacities) -> None:
    """Put a node at the end of the queue."""
    waits[node] = True
    queue[counts[1] % queue.shape[0]] = node
    counts[1] += 1


@compiled(f"void(i8, i8, {GRAPH}, {TREES}, i4[::1], b1[::1], i4[::1], i8[::1])")
def _adopt(
    node: int,
    now: int,
    heads: Ints,
    first: Ints,
    arcs: Ints,
    rest: Capacities,
    tree: Ints,
    up: Ints,
    checked: Ints,
    steps: Ints,
    queue: Ints,
    waits: Flags,
    orphans: Ints,
    counts: Capacities,
) -> None:
    """Find an orphan a new parent in its tree; without one it is free, and its children are orphans."""
    away = 1 if tree[node] == SOURCE else 0  # in the source's tree flow comes from the parent
    best, nearest = NONE, FAR
    for i in range(first[node], first[node + 1]):
        arc = arcs[i]
        other = heads[arc]
        if tree[other] == tree[node] and rest[arc ^ away] > 0:
            distance = _distance(heads, up, checked, steps, other, now)
            if distance < nearest:
                best, nearest = arc, distance
    up[node] = best
    if best != NONE:
        checked[node], steps[node] = now, nearest + 1
        return
    for i in range(first[node], first[node + 1]):
        arc = arcs[i]
        other = heads[arc]
        if tree[other] == tree[node]:
            if rest[arc ^ away] > 0 and not waits[other]:
                _wait(other, queue, waits, counts)
            if up[other] >= 0 and heads[up[other]] == node:
                up[other] = ORPHAN
                orphans[counts[2]] = other
                counts[2] += 1
    tree[node] = FREE


@compiled(f"i8(i8, i8, {GRAPH}, {TREES}, i4[::1], b1[::1], i8[::1])")
def _grow(
    node: int,
    now: int,
    heads: Ints,
    first: Ints,
    arcs: Ints,
    rest: Capacities,
    tree: Ints,
    up: Ints,
    checked: Ints,
    steps: Ints,
    queue: Ints,
    waits: Flags,
    counts: Capacities,
) -> int:
    """Take free neighbours into a node's tree, until one of the other tree is met: the arc to it, towards the sink."""
    away = 0 if tree[node] == SOURCE else 1
    for i in range(first[node], first[node + 1]):
        arc = arcs[i]
        if rest[arc ^ away] <= 0:
            continue
        other = heads[arc]
        if tree[other] == FREE:
            tree[other], up[other] = tree[node], arc ^ 1
            checked[other], steps[other] = checked[node], steps[node] + 1
            if not waits[other]:
                _wait(other, queue, waits, counts)
        elif tree[other] != tree[node]:
            meeting: int = arc ^ away
            return meeting
        elif checked[other] <= checked[node] and steps[other] > steps[node] + 1:
            up[other], checked[other], steps[other] = arc ^ 1, checked[node], steps[node] + 1
    return NONE


@compiled("void(i4[::1], i4[::1], i4[::1], i8[::1], i8[::1], b1[::1])")
def cut(heads: Ints, first: Ints, arcs: Ints, rest: Capacities, terminal: Capacities, inside: Flags) -> None:
    """Find which nodes are on the source's side of a minimum cut.

    Parameters
    ----------
    heads : int32 ndarray, shape (2m,)
        Where arcs lead to; arcs 2e and 2e + 1 are the two directions of an edge.
    first : int32 ndarray, shape (n + 1,)
    arcs : int32 ndarray, shape (2m,)
        Those out of node v are arcs[first[v] : first[v + 1]].
    rest : int64 ndarray, shape (2m,)
        Capacities of arcs; changed.
    terminal : int64 ndarray, shape (n,)
        Capacity from the source, or, below zero, to the sink; changed.
    inside : bool ndarray, shape (n,)
        Filled in.
    """
    n = terminal.shape[0]
    tree, up = np.zeros(n, np.int32), np.full(n, NONE, np.int32)
    checked, steps = np.zeros(n, np.int32), np.ones(n, np.int32)
    queue, waits = np.empty(n + 1, np.int32), np.zeros(n, np.bool_)
    orphans, counts = np.empty(n + 1, np.int32), np.zeros(3, np.int64)
    for node in range(n):
        if terminal[node] != 0:
            tree[node], up[node] = SOURCE if terminal[node] > 0 else SINK, ROOT
            _wait(node, queue, waits, counts)
    now = 0
    while counts[0] < counts[1]:
        node = queue[counts[0] % (n + 1)]
        middle = NONE
        if tree[node] != FREE:
            middle = _grow(node, now, heads, first, arcs, rest, tree, up, checked, steps, queue, waits, counts)
        if middle == NONE:
            counts[0] += 1
            waits[node] = False
            continue
        now += 1
        counts[2] = _augment(rest, heads, terminal, up, middle, orphans)
        while counts[2] > 0:
            counts[2] -= 1
            orphan = orphans[counts[2]]
            _adopt(orphan, now, heads, first, arcs, rest, tree, up, checked, steps, queue, waits, orphans, counts)
    for node in range(n):
        inside[node] = tree[node] == SOURCE
