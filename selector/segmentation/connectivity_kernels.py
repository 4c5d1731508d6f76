"""The inner loops that make labels connected: their pieces, and the small ones joined to a neighbour.

An image is handled as its horizontal runs of equal labels, of which there are far fewer than pixels. Pieces are
4-connected; they are found by union-find over runs that touch. Groups are pieces that have been joined.
"""

import numpy as np
from numba import float32
from numpy.typing import NDArray

from selector.segmentation.compiled import compiled

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]
Ints = NDArray[np.int32]


@compiled("i8(i4[:,::1])")
def count_runs(labels: Ints) -> int:
    """Count the horizontal runs of equal labels.

    Parameters
    ----------
    labels : int32 ndarray, shape (H, W)

    Returns
    -------
    int
        From H, one in each row, to H * W.
    """
    runs: int = labels.shape[0]
    for y in range(labels.shape[0]):
        row = labels[y]
        for x in range(row.shape[0] - 1):
            runs += row[x] != row[x + 1]
    return runs


@compiled("i8(i4[::1], i8)")
def _find(parents: Ints, item: int) -> int:
    """The root of `item` in a union-find forest; halves the way to it, for the calls to come."""
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item


@compiled("i8(i4[::1], i8)")
def _number_trees(parents: Ints, count: int) -> int:
    """Replace the parents 0..count-1, none above its child, by numbers of their trees in order of the roots."""
    trees = 0
    for item in range(count):
        if parents[item] == item:
            parents[item] = trees
            trees += 1
        else:
            parents[item] = parents[parents[item]]
    return trees


@compiled("i8(i4[:,::1], i4[::1], i4[::1], i4[::1])")
def connect(labels: Ints, starts: Ints, first_of_row: Ints, pieces: Ints) -> int:
    """Split labels into 4-connected pieces, run by run.

    Parameters
    ----------
    labels : int32 ndarray, shape (H, W)
    starts : int32 ndarray, shape (runs + 1,)
        Filled in with the first pixel of every run, as an index into the flat image, and the number of pixels.
    first_of_row : int32 ndarray, shape (H + 1,)
        Filled in with the first run of every row, and the number of runs.
    pieces : int32 ndarray, shape (runs,)
        Filled in with the piece of every run, numbered in order of first pixels.

    Returns
    -------
    int
        How many pieces there are.
    """
    height, width = labels.shape
    flat = labels.reshape(height * width)
    run, above = 0, 0
    for y in range(height):
        first_of_row[y] = run
        begin, row_end = y * width, (y + 1) * width
        while begin < row_end:
            end = begin + 1
            while end < row_end and flat[end] == flat[begin]:
                end += 1
            starts[run], pieces[run] = begin, run
            # The runs of the row above that overlap this one; the last of them may reach over the next one as well.
            while above < first_of_row[y] and starts[above] + width < end:
                if flat[starts[above]] == flat[begin]:
                    one, other = _find(pieces, above), _find(pieces, run)
                    pieces[max(one, other)] = min(one, other)
                if starts[above + 1] + width > end:
                    break
                above += 1
            run += 1
            begin = end
        above = first_of_row[y]
    first_of_row[height], starts[run] = run, height * width
    return _number_trees(pieces, run)


@compiled("void(f4[:,:,::1], i4[::1], i4[::1], f8[:,::1])")
def sum_pieces(lab: Floats, starts: Ints, pieces: Ints, sums: Sums) -> None:
    """Add up colour and size of every piece.

    Parameters
    ----------
    lab : float32 ndarray, shape (3, H, W)
    starts, pieces : int32 ndarray, shape (runs + 1,) and (runs,)
        From `connect`.
    sums : float64 ndarray, shape (pieces, 4)
        Zeros, to which L, a, b and the number of pixels are added.
    """
    area = lab.shape[1] * lab.shape[2]
    flat_l, flat_a, flat_b = lab[0].reshape(area), lab[1].reshape(area), lab[2].reshape(area)
    for run in range(pieces.shape[0]):
        lightness, a, b = float32(0), float32(0), float32(0)
        for i in range(starts[run], starts[run + 1]):
            lightness, a, b = lightness + flat_l[i], a + flat_a[i], b + flat_b[i]
        total = sums[pieces[run]]
        total[0], total[1], total[2] = total[0] + lightness, total[1] + a, total[2] + b
        total[3] += starts[run + 1] - starts[run]


@compiled("i8(i4[::1], i8, i8, i8)")
def _run_at(starts: Ints, first: int, last: int, pixel: int) -> int:
    """The one of the runs first..last-1 that holds `pixel`, by bisection."""
    while last - first > 1:
        middle = (first + last) // 2
        if starts[middle] <= pixel:
            first = middle
        else:
            last = middle
    return first


@compiled("UniTuple(i8, 2)(i4[::1], i4[::1], i8, i8)")
def _touching(starts: Ints, first_of_row: Ints, run: int, side: int) -> tuple[int, int]:
    """The runs (first, last + 1) that touch `run` on one side: 0 left, 1 right, 2 above, 3 below."""
    height = first_of_row.shape[0] - 1
    width = starts[first_of_row[height]] // height
    begin, end = starts[run], starts[run + 1]
    row = begin // width
    if side == 0:
        return run - int(begin > row * width), run
    if side == 1:
        return run + 1, run + 1 + int(end < (row + 1) * width)
    other_row = row - 1 if side == 2 else row + 1
    if other_row < 0 or other_row == height:
        return run, run
    shift = (other_row - row) * width
    first, last = first_of_row[other_row], first_of_row[other_row + 1]
    return _run_at(starts, first, last, begin + shift), _run_at(starts, first, last, end - 1 + shift) + 1


@compiled("f8(f8[::1], f8[::1])")
def _colour_difference(one: Sums, other: Sums) -> float:
    """Squared difference of the mean colours of two rows of sums (L, a, b, size)."""
    difference = 0.0
    for i in range(3):
        difference += (one[i] / one[3] - other[i] / other[3]) ** 2
    return difference


@compiled("i8(i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], f8[:,::1], i8)")
def _closest_neighbour(
    starts: Ints,
    first_of_row: Ints,
    pieces: Ints,
    first_run: Ints,
    next_run: Ints,
    next_member: Ints,
    groups: Ints,
    sums: Sums,
    group: int,
) -> int:
    """The group of the most similar colour that touches `group`; -1 if none does. Ties go to the smaller number."""
    closest, smallest = -1, np.inf
    piece = group
    while True:
        run = first_run[piece]
        while run >= 0:
            for side in range(4):
                first, last = _touching(starts, first_of_row, run, side)
                for neighbour in range(first, last):
                    other = _find(groups, pieces[neighbour])
                    if other != group:
                        difference = _colour_difference(sums[group], sums[other])
                        if difference < smallest or (difference == smallest and other < closest):
                            closest, smallest = other, difference
            run = next_run[run]
        piece = next_member[piece]
        if piece == group:
            return closest


@compiled("i8(i4[::1], i4[::1], i4[::1], i4[::1], f8[:,::1], i8, i4[::1])")
def absorb(starts: Ints, first_of_row: Ints, pieces: Ints, small: Ints, sums: Sums, minimum: int, groups: Ints) -> int:
    """Join pieces to a neighbour of similar colour until every group of them has `minimum` pixels, if any can.

    Parameters
    ----------
    starts, first_of_row, pieces : int32 ndarray
        From `connect`.
    small : int32 ndarray, shape (s,)
        The pieces below the minimum, the smallest first.
    sums : float64 ndarray, shape (pieces, 4)
        From `sum_pieces`. The rows become those of the groups.
    minimum : int
    groups : int32 ndarray, shape (pieces,)
        Filled in with the group of every piece, numbered in order of first pixels.

    Returns
    -------
    int
        How many groups there are.
    """
    count = groups.shape[0]
    next_member = np.empty(count, np.int32)  # the pieces of a group, in a ring
    first_run, next_run = np.full(count, -1, np.int32), np.empty(pieces.shape[0], np.int32)
    for piece in range(count):
        groups[piece] = next_member[piece] = piece
    for run in range(pieces.shape[0] - 1, -1, -1):
        next_run[run] = first_run[pieces[run]]
        first_run[pieces[run]] = run
    for piece in small:
        group = _find(groups, piece)
        if sums[group, 3] < minimum:
            other = _closest_neighbour(
                starts, first_of_row, pieces, first_run, next_run, next_member, groups, sums, group
            )
            if other >= 0:
                first, second = min(group, other), max(group, other)
                groups[second] = first
                sums[first] += sums[second]
                next_member[first], next_member[second] = next_member[second], next_member[first]
    return _number_trees(groups, count)


@compiled("void(i4[::1], i4[::1], i4[::1], u2[::1])")
def paint(starts: Ints, pieces: Ints, groups: Ints, labels: NDArray[np.uint16]) -> None:
    """Write the group of every run over its pixels.

    Parameters
    ----------
    starts, pieces : int32 ndarray, shape (runs + 1,) and (runs,)
        From `connect`.
    groups : int32 ndarray, shape (pieces,)
        From `absorb`.
    labels : uint16 ndarray, shape (H * W,)
        Filled in.
    """
    for run in range(pieces.shape[0]):
        labels[starts[run] : starts[run + 1]] = groups[pieces[run]]
