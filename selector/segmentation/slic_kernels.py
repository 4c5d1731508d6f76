"""The inner loops of `slic`: colour conversion, blur, assignment, and connected pieces."""

import numpy as np
from numba import float32, types
from numpy.typing import NDArray

from selector.segmentation.compiled import IMAGE, compiled

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]
Ints = NDArray[np.int32]


@compiled(types.void(IMAGE, float32[::1], float32[::1], float32[:, :, ::1]))
def rgb_to_lab(rgb: NDArray[np.uint8], linear: Floats, root: Floats, lab: Floats) -> None:
    """Fill the planes `lab` (3, H, W) from `rgb` (H, W, 3).

    `linear` (256) is sRGB's transfer curve times the last index of `root`, which tabulates CIELAB's cube root.
    """
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            r, g, b = linear[rgb[y, x, 0]], linear[rgb[y, x, 1]], linear[rgb[y, x, 2]]
            # XYZ of sRGB's primaries over XYZ of its white (D65), rounded to the next entry of the table.
            fx = root[int(float32(0.433953) * r + float32(0.376219) * g + float32(0.189828) * b + float32(0.5))]
            fy = root[int(float32(0.212671) * r + float32(0.715160) * g + float32(0.072169) * b + float32(0.5))]
            fz = root[int(float32(0.017758) * r + float32(0.109477) * g + float32(0.872765) * b + float32(0.5))]
            lab[0, y, x] = float32(116) * fy - float32(16)
            lab[1, y, x] = float32(500) * (fx - fy)
            lab[2, y, x] = float32(200) * (fy - fz)


@compiled("void(f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f4[::1])")
def _binomial(first: Floats, second: Floats, third: Floats, fourth: Floats, fifth: Floats, out: Floats) -> None:
    for x in range(out.shape[0]):
        outer = float32(0.0625) * (first[x] + fifth[x])
        inner = float32(0.25) * (second[x] + fourth[x])
        out[x] = outer + (inner + float32(0.375) * third[x])


@compiled("void(f4[:,::1], f4[:,::1])")
def blur(plane: Floats, out: Floats) -> None:
    """Blur `plane` into `out` (H, W) by 1, 4, 6, 4, 1 sixteenths both ways: a Gaussian of sigma 1; edges repeat."""
    height, width = plane.shape
    padded = np.empty(width + 4, np.float32)
    rows = np.empty((5, width), np.float32)  # the last five rows, blurred along x
    for y in range(height + 2):
        if y < height:
            padded[:2], padded[2 : width + 2], padded[width + 2 :] = plane[y, 0], plane[y], plane[y, width - 1]
            _binomial(padded[:width], padded[1:-3], padded[2:-2], padded[3:-1], padded[4:], rows[y % 5])
        if y >= 2:
            above, far_above = max(y - 3, 0) % 5, max(y - 4, 0) % 5
            below, far_below = min(y - 1, height - 1) % 5, min(y, height - 1) % 5
            _binomial(rows[far_above], rows[above], rows[(y - 2) % 5], rows[below], rows[far_below], out[y - 2])


@compiled("void(f4[:,::1], f4[:,::1])")
def halve(plane: Floats, half: Floats) -> None:
    """Average 2 x 2 pixels of `plane` (H, W) into one of `half` (ceil(H / 2), ceil(W / 2)); odd edges repeat."""
    height, width = plane.shape
    for y in range(half.shape[0]):
        upper, lower, out = plane[2 * y], plane[min(2 * y + 1, height - 1)], half[y]
        for x in range(width // 2):
            out[x] = float32(0.25) * ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]))
        if width % 2:
            out[width // 2] = float32(0.5) * (upper[width - 1] + lower[width - 1])


@compiled("void(f4[:,:,::1], f4[:,::1], f4, f4, f4, f4[:,::1], i4[:,::1])")
def assign(
    lab: Floats, centres: Floats, reach_y: float, reach_x: float, weight: float, distance: Floats, labels: Ints
) -> None:
    """Give every pixel the label of the nearest of `centres` (n, 5: L, a, b, y, x) within reach of it.

    The squared distance is that in colour plus `weight` times that in the image; `distance` (H, W) is scratch
    space. A pixel beyond the reach of all keeps its label.
    """
    height, width = labels.shape
    distance[:] = np.float32(np.inf)
    for k in range(centres.shape[0]):
        cl, ca, cb, cy, cx = centres[k]
        y0, y1 = max(int(cy - reach_y), 0), min(int(cy + reach_y) + 2, height)
        x0, x1 = max(int(cx - reach_x), 0), min(int(cx + reach_x) + 2, width)
        label = np.int32(k)
        for row in range(y0, y1):
            dy = float32(row) - cy
            across = dy * dy * weight
            row_l, row_a, row_b = lab[0, row, x0:x1], lab[1, row, x0:x1], lab[2, row, x0:x1]
            best, best_label = distance[row, x0:x1], labels[row, x0:x1]
            for i in range(x1 - x0):
                dl, da, db = row_l[i] - cl, row_a[i] - ca, row_b[i] - cb
                dx = float32(np.int32(i)) + (float32(x0) - cx)
                d = dl * dl + da * da + db * db + (dx * dx * weight + across)
                # Both are read before either is written: only so does LLVM use vector instructions.
                old, old_label = best[i], best_label[i]
                best_label[i] = label if d < old else old_label
                best[i] = d if d < old else old


@compiled("void(f4[:,:,::1], i4[:,::1], f8[:,::1], f4[:,::1])")
def update(lab: Floats, labels: Ints, sums: Sums, centres: Floats) -> None:
    """Move each of `centres` (n, 5) to the mean of its pixels; `sums` (n, 6) is scratch space."""
    sums[:] = 0.0
    height, width = labels.shape
    for y in range(height):
        row, row_l, row_a, row_b = labels[y], lab[0, y], lab[1, y], lab[2, y]
        end = 0
        while end < width:
            k, begin = row[end], end
            lightness, a, b = float32(0), float32(0), float32(0)
            while end < width and row[end] == k:
                lightness, a, b = lightness + row_l[end], a + row_a[end], b + row_b[end]
                end += 1
            total, count = sums[k], end - begin
            total[0], total[1], total[2] = total[0] + lightness, total[1] + a, total[2] + b
            total[3] += y * count
            total[4] += (begin + end - 1) * count * 0.5
            total[5] += count
    for k in range(centres.shape[0]):
        if sums[k, 5] > 0:
            for i in range(5):
                centres[k, i] = sums[k, i] / sums[k, 5]


@compiled("f4(f4[:,:,::1], i8, i8, f4[:,::1], f4, i4)")
def _distance(lab: Floats, y: int, x: int, centres: Floats, weight: float, k: int) -> float:
    """Squared distance of the pixel at (y, x) from centre k."""
    dl, da, db = lab[0, y, x] - centres[k, 0], lab[1, y, x] - centres[k, 1], lab[2, y, x] - centres[k, 2]
    dy, dx = float32(y) - centres[k, 3], float32(x) - centres[k, 4]
    distance: float = dl * dl + da * da + db * db + (dy * dy + dx * dx) * weight
    return distance


@compiled("void(f4[:,:,::1], f4[:,::1], f4, i4[:,::1], i4[:,::1])")
def refine(lab: Floats, centres: Floats, weight: float, half: Ints, labels: Ints) -> None:
    """Assign at twice the resolution of the labels `half`: each pixel among the four labels around its place there."""
    height, width = labels.shape
    for y in range(height):
        out, row = labels[y], half[y >> 1]
        other_row = half[min(max((y >> 1) - 1 + 2 * (y & 1), 0), half.shape[0] - 1)]
        for x in range(width):
            column = x >> 1
            other_column = min(max(column - 1 + 2 * (x & 1), 0), half.shape[1] - 1)
            k, second, third, fourth = row[column], row[other_column], other_row[column], other_row[other_column]
            out[x] = k
            if (k != second) | (k != third) | (k != fourth):
                best = _distance(lab, y, x, centres, weight, k)
                for other in (second, third, fourth):
                    if other != k:
                        d = _distance(lab, y, x, centres, weight, other)
                        if d < best:
                            best, out[x] = d, other


@compiled("i8(i4[:,::1])")
def count_runs(labels: Ints) -> int:
    """Count the horizontal runs of equal labels."""
    runs: int = labels.shape[0]
    for y in range(labels.shape[0]):
        row = labels[y]
        for x in range(row.shape[0] - 1):
            runs += row[x] != row[x + 1]
    return runs


@compiled("i8(i4[::1], i8)")
def _find(parents: Ints, item: int) -> int:
    """The root of `item` in a union-find forest, halving the way to it for those who come later."""
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
    """Split `labels` (H, W) into 4-connected pieces, run by run; returns their number.

    Fills in for every run its first pixel as an index into the flat image (`starts`, closed by one more) and its
    piece, numbered in order of first pixels, and for every row its first run (`first_of_row`, closed by one more).
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
    """Add up colour and size of every piece into `sums` (pieces, 4)."""
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

    `small` are the pieces below the minimum, by size; `sums` (pieces, 4) their colours and sizes, which become those
    of the groups. Fills in the group of every piece, numbered in order of first pixels, and returns their number.
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
    """Write the group of every run over its pixels of the flat `labels`."""
    for run in range(pieces.shape[0]):
        labels[starts[run] : starts[run + 1]] = groups[pieces[run]]
