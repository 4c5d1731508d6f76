"""The compiled inner loops of `slic` and `hierarchy`.

Importing this module imports Numba (a second or two) and loads every kernel from Numba's cache, or compiles it
there when the cache is cold; that is why its users import it at the first call, not at the top of their files.

All kernels are serial, release the GIL and own no state: photos are processed side by side in threads or in
forked processes. Numba's parallel layers abort after a fork or under concurrent callers, and its relaxed
floating-point modes would let the result depend on the machine's vector width, so neither is used. Signatures
are explicit: nothing is compiled later than at import.
"""

import numpy as np
from numba import float32, njit, types, uint8

_options = {"nogil": True, "cache": True, "error_model": "numpy"}
_image = types.Array(uint8, 3, "C", readonly=True)  # what Pillow hands out may not be written to


@njit(types.void(_image, float32[::1], float32[::1], float32[:, :, ::1]), **_options)
def rgb_to_lab(rgb, linear, cube_root, lab):
    """Fill the planes `lab` (3, H, W) through the tables `linear` (256) and `cube_root` (any length)."""
    top = np.float32(cube_root.shape[0] - 1)
    half = np.float32(0.5)
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            r = linear[rgb[y, x, 0]] * top
            g = linear[rgb[y, x, 1]] * top
            b = linear[rgb[y, x, 2]] * top
            # sRGB primaries, each row divided by the D65 white, so that white is 1 in all three.
            fx = cube_root[int(np.float32(0.433953) * r + np.float32(0.376219) * g + np.float32(0.189828) * b + half)]
            fy = cube_root[int(np.float32(0.212671) * r + np.float32(0.715160) * g + np.float32(0.072169) * b + half)]
            fz = cube_root[int(np.float32(0.017758) * r + np.float32(0.109477) * g + np.float32(0.872765) * b + half)]
            lab[0, y, x] = np.float32(116) * fy - np.float32(16)
            lab[1, y, x] = np.float32(500) * (fx - fy)
            lab[2, y, x] = np.float32(200) * (fy - fz)


@njit("void(f4[:,::1], f4[::1], f4[:,::1])", **_options)
def blur(plane, weights, scratch):
    """Convolve `plane` (H, W) in place with `weights` (odd length) both ways; edges are repeated."""
    height, width = plane.shape
    radius = weights.shape[0] // 2
    padded = np.empty(width + 2 * radius, np.float32)
    for y in range(height):
        padded[:radius] = plane[y, 0]
        padded[radius : radius + width] = plane[y]
        padded[radius + width :] = plane[y, width - 1]
        out = scratch[y]
        out[:] = np.float32(0)
        for tap in range(weights.shape[0]):
            weight = weights[tap]
            shifted = padded[tap : tap + width]
            for x in range(width):
                out[x] += weight * shifted[x]
    for y in range(height):
        out = plane[y]
        out[:] = np.float32(0)
        for tap in range(weights.shape[0]):
            weight = weights[tap]
            source = scratch[min(max(y + tap - radius, 0), height - 1)]
            for x in range(width):
                out[x] += weight * source[x]


@njit("void(f4[:,:,::1], f4[:,:,::1])", **_options)
def halve(planes, out):
    """Average 2 x 2 pixels of `planes` (3, H, W) into `out` (3, H // 2, W // 2)."""
    quarter = np.float32(0.25)
    for channel in range(planes.shape[0]):
        for y in range(out.shape[1]):
            upper = planes[channel, 2 * y]
            lower = planes[channel, 2 * y + 1]
            for x in range(out.shape[2]):
                out[channel, y, x] = quarter * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1])


@njit("void(f4[:,:,::1], f4[:,::1], f4, f4, f4, f4[:,::1], i4[:,::1])", **_options)
def assign(planes, centres, reach_y, reach_x, spatial_weight, distance, labels):
    """Give every pixel the label of the nearest of `centres` (n, 5: L, a, b, y, x) whose window holds it."""
    height, width = labels.shape
    distance[:] = np.float32(np.inf)
    for k in range(centres.shape[0]):
        cl, ca, cb, cy, cx = centres[k, 0], centres[k, 1], centres[k, 2], centres[k, 3], centres[k, 4]
        y0, y1 = max(int(cy - reach_y), 0), min(int(cy + reach_y) + 2, height)
        x0, x1 = max(int(cx - reach_x), 0), min(int(cx + reach_x) + 2, width)
        for y in range(y0, y1):
            dy = np.float32(y) - cy
            row_distance = dy * dy * spatial_weight
            row_l, row_a, row_b = planes[0, y, x0:x1], planes[1, y, x0:x1], planes[2, y, x0:x1]
            best, label = distance[y, x0:x1], labels[y, x0:x1]
            offset = np.float32(x0) - cx
            for i in range(best.shape[0]):
                dl = row_l[i] - cl
                da = row_a[i] - ca
                db = row_b[i] - cb
                dx = np.float32(np.int32(i)) + offset
                d = dl * dl + da * da + db * db + (dx * dx * spatial_weight + row_distance)
                nearer = d < best[i]
                label[i] = np.int32(k) if nearer else label[i]
                best[i] = d if nearer else best[i]


@njit("void(f4[:,:,::1], i4[:,::1], f8[:,::1], f4[:,::1])", **_options)
def update(planes, labels, sums, centres):
    """Move each of `centres` to the mean of its pixels; `sums` (n, 6) is scratch space."""
    sums[:] = 0.0
    height, width = labels.shape
    for y in range(height):
        x = 0
        while x < width:
            k = labels[y, x]
            start = x
            sl, sa, sb = np.float32(0), np.float32(0), np.float32(0)
            while x < width and labels[y, x] == k:
                sl += planes[0, y, x]
                sa += planes[1, y, x]
                sb += planes[2, y, x]
                x += 1
            count = x - start
            sums[k, 0] += sl
            sums[k, 1] += sa
            sums[k, 2] += sb
            sums[k, 3] += y * count
            sums[k, 4] += (start + x - 1) * count * 0.5
            sums[k, 5] += count
    for k in range(centres.shape[0]):
        if sums[k, 5] > 0:
            for i in range(5):
                centres[k, i] = sums[k, i] / sums[k, 5]


@njit("i8(i4[::1], i8)", **_options)
def _find(parent, item):
    """Root of `item` in a union-find forest, halving the path on the way."""
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@njit("i8(i4[::1], i8)", **_options)
def _flatten(parent, count):
    """Replace a forest whose roots are the smallest of their trees by numbers 0..roots-1 in order of the roots."""
    roots = 0
    for item in range(count):
        if parent[item] == item:
            parent[item] = roots
            roots += 1
        else:
            parent[item] = parent[parent[item]]
    return roots


@njit("i8(i4[:,::1])", **_options)
def count_runs(labels):
    """Count the horizontal runs of equal labels."""
    height, width = labels.shape
    runs = height
    for y in range(height):
        row = labels[y]
        for x in range(width - 1):
            runs += row[x] != row[x + 1]
    return runs


@njit("i8(i4[:,::1], i4[::1], i4[::1], i4[::1])", **_options)
def connect(labels, start, first_of_row, component):
    """Split `labels` into 4-connected components.

    Fills for every run its first pixel (`start`, row-major index, with one more entry that closes the last) and
    its `component`, numbered by first pixel, and for every row its first run. Returns the number of components.
    """
    height, width = labels.shape
    run = 0
    for y in range(height):
        first_of_row[y] = run
        above = first_of_row[y - 1] if y else 0
        row = labels[y]
        x = 0
        while x < width:
            begin = x
            label = row[x]
            while x < width and row[x] == label:
                x += 1
            start[run] = y * width + begin
            component[run] = run
            if y:
                # Runs of the row above that overlap columns begin..x-1.
                offset = (y - 1) * width
                while above + 1 < first_of_row[y] and start[above + 1] - offset <= begin:
                    above += 1
                other = above
                while other < first_of_row[y] and start[other] - offset < x:
                    if labels[y - 1, start[other] - offset] == label:
                        a, b = _find(component, other), _find(component, run)
                        component[max(a, b)] = min(a, b)
                    other += 1
            run += 1
    first_of_row[height] = run
    start[run] = height * width
    return _flatten(component, run)


@njit("void(f4[:,:,::1], i4[::1], i4[::1], f8[:,::1])", **_options)
def sum_components(planes, start, component, sums):
    """Add up colour and size of every component into `sums` (components, 4)."""
    area = planes.shape[1] * planes.shape[2]
    lightness, green_red, blue_yellow = planes[0].reshape(area), planes[1].reshape(area), planes[2].reshape(area)
    for run in range(component.shape[0]):
        sl, sa, sb = np.float32(0), np.float32(0), np.float32(0)
        for i in range(start[run], start[run + 1]):
            sl += lightness[i]
            sa += green_red[i]
            sb += blue_yellow[i]
        c = component[run]
        sums[c, 0] += sl
        sums[c, 1] += sa
        sums[c, 2] += sb
        sums[c, 3] += start[run + 1] - start[run]


@njit("i8(i4[::1], i8, i8, i8)", **_options)
def _run_at(start, first, last, pixel):
    """The run among first..last-1 that holds `pixel`."""
    while last - first > 1:
        middle = (first + last) // 2
        if start[middle] <= pixel:
            first = middle
        else:
            last = middle
    return first


@njit("i8(i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], i4[::1], f8[:,::1], i8, i4[::1])", **_options)
def absorb(start, first_of_row, component, runs_of, first_run_of, small, sums, minimum, group):
    """Join every component of `small` to the touching group of the closest colour until it has `minimum` pixels.

    `runs_of[first_run_of[c]:first_run_of[c + 1]]` are the runs of component c; `sums` (components, 4) its colour
    sums and size, accumulated in place; `group` is filled with the new number of every component. Returns how
    many groups there are.
    """
    width = start[first_of_row[1]] if first_of_row.shape[0] > 1 else 0
    height = first_of_row.shape[0] - 1
    count = group.shape[0]
    following = np.empty(count, np.int32)
    for c in range(count):
        group[c] = c
        following[c] = c
    for i in range(small.shape[0]):
        root = _find(group, small[i])
        if sums[root, 3] >= minimum:
            continue
        size = sums[root, 3]
        ml, ma, mb = sums[root, 0] / size, sums[root, 1] / size, sums[root, 2] / size
        best, best_difference = -1, np.inf
        member = root
        while True:
            for r in range(first_run_of[member], first_run_of[member + 1]):
                run = runs_of[r]
                begin, end = start[run], start[run + 1]
                y = begin // width
                # Neighbours left and right, then the overlapping runs above and below.
                for side in range(4):
                    if side == 0:
                        first, last = (run - 1, run) if begin > y * width else (0, 0)
                    elif side == 1:
                        first, last = (run + 1, run + 2) if end < (y + 1) * width else (0, 0)
                    else:
                        other_y = y - 1 if side == 2 else y + 1
                        if other_y < 0 or other_y >= height:
                            continue
                        shift = (other_y - y) * width
                        first = _run_at(start, first_of_row[other_y], first_of_row[other_y + 1], begin + shift)
                        last = first + 1
                        while last < first_of_row[other_y + 1] and start[last] < end + shift:
                            last += 1
                    for neighbour in range(first, last):
                        other = _find(group, component[neighbour])
                        if other == root:
                            continue
                        area = sums[other, 3]
                        dl, da, db = sums[other, 0] / area - ml, sums[other, 1] / area - ma, sums[other, 2] / area - mb
                        difference = dl * dl + da * da + db * db
                        if difference < best_difference or (difference == best_difference and other < best):
                            best, best_difference = other, difference
            member = following[member]
            if member == root:
                break
        if best < 0:
            continue
        keep, gone = min(root, best), max(root, best)
        group[gone] = keep
        sums[keep] += sums[gone]
        following[keep], following[gone] = following[gone], following[keep]
    return _flatten(group, count)


@njit("void(i4[::1], i4[::1], i4[::1], u2[::1])", **_options)
def paint(start, component, group, labels):
    """Write the group of every run over its pixels of the flattened label map."""
    for run in range(component.shape[0]):
        labels[start[run] : start[run + 1]] = group[component[run]]


@njit("void(f4[:,:,::1], u2[:,::1], f8[:,::1])", **_options)
def sum_labels(planes, labels, sums):
    """Add up colour and size of every label into `sums` (n, 4)."""
    height, width = labels.shape
    for y in range(height):
        x = 0
        while x < width:
            k = labels[y, x]
            start = x
            sl, sa, sb = np.float32(0), np.float32(0), np.float32(0)
            while x < width and labels[y, x] == k:
                sl += planes[0, y, x]
                sa += planes[1, y, x]
                sb += planes[2, y, x]
                x += 1
            sums[k, 0] += sl
            sums[k, 1] += sa
            sums[k, 2] += sb
            sums[k, 3] += x - start


@njit("i8(u2[:,::1], i8[::1], i8[::1])", **_options)
def count_borders(labels, keys, borders):
    """Count the pixel edges between every two touching labels in a hash table of a power of two slots.

    An empty slot has key -1; the key of a pair is `smaller * 65536 + larger`. Returns how many slots are taken, or
    -1 as soon as more than half of them are.
    """
    height, width = labels.shape
    mask = keys.shape[0] - 1
    taken = 0
    for y in range(height):
        for x in range(width):
            here = np.int64(labels[y, x])
            for side in range(2):
                if side == 0:
                    if x + 1 == width:
                        continue
                    there = np.int64(labels[y, x + 1])
                else:
                    if y + 1 == height:
                        continue
                    there = np.int64(labels[y + 1, x])
                if here == there:
                    continue
                key = min(here, there) * 65536 + max(here, there)
                slot = ((key * 0x9E3779B1) >> 16) & mask
                while keys[slot] != key and keys[slot] != -1:
                    slot = (slot + 1) & mask
                if keys[slot] == -1:
                    keys[slot] = key
                    taken += 1
                    if 2 * taken > mask:
                        return -1
                borders[slot] += 1
    return taken


@njit("f8(f8[:,::1], f8[::1], i8, i8, f8)", **_options)
def _merge_cost(regions, perimeter, a, b, border):
    """What joining regions a and b (rows of mean L, a, b and size) that share `border` would cost."""
    dl = regions[a, 0] - regions[b, 0]
    da = regions[a, 1] - regions[b, 1]
    db = regions[a, 2] - regions[b, 2]
    weight = regions[a, 3] * regions[b, 3] / (regions[a, 3] + regions[b, 3])
    contrast = dl * dl + da * da + db * db + 1e-3
    return weight * contrast * np.sqrt(min(perimeter[a], perimeter[b]) / border)


@njit("void(f8[::1], i4[::1], i4[::1], i8, i8)", **_options)
def _sift(cost, heap, place, position, count):
    """Restore the heap (smallest cost first, then smallest edge) after a change at `position`."""
    edge = heap[position]
    while position > 0:
        up = (position - 1) // 2
        other = heap[up]
        if cost[other] < cost[edge] or (cost[other] == cost[edge] and other < edge):
            break
        heap[position] = other
        place[other] = position
        position = up
    while True:
        child = 2 * position + 1
        if child >= count:
            break
        if child + 1 < count:
            left, right = heap[child], heap[child + 1]
            if cost[right] < cost[left] or (cost[right] == cost[left] and right < left):
                child += 1
        other = heap[child]
        if cost[edge] < cost[other] or (cost[edge] == cost[other] and edge < other):
            break
        heap[position] = other
        place[other] = position
        position = child
    heap[position] = edge
    place[edge] = position


@njit("i8(f8[::1], i4[::1], i4[::1], i8, i8)", **_options)
def _remove(cost, heap, place, edge, count):
    """Take `edge` out of the heap; returns the new count."""
    position = place[edge]
    count -= 1
    if position != count:
        heap[position] = heap[count]
        place[heap[position]] = position
        _sift(cost, heap, place, position, count)
    return count


@njit("void(f8[:,::1], f8[::1], i4[::1], f8[::1], u2[::1])", **_options)
def merge(regions, perimeter, ends, border, parents):
    """Join the two regions whose merging costs least until one is left.

    `regions` (2n - 1, 4) holds mean L, a, b and size, `perimeter` (2n - 1) the border with other regions, both
    filled for the n leaves; `ends` (2m) are the two regions of every edge, `border` (m) its length.
    """
    edges = border.shape[0]
    nodes = parents.shape[0]
    n = (nodes + 1) // 2
    # Every region has a linked list of half-edges: 2e and 2e + 1 are the ends of edge e.
    head = np.full(nodes, -1, np.int32)
    tail = np.full(nodes, -1, np.int32)
    following = np.full(2 * edges, -1, np.int32)
    for half in range(2 * edges):
        region = ends[half]
        if head[region] < 0:
            head[region] = half
        else:
            following[tail[region]] = half
        tail[region] = half
    cost = np.empty(edges, np.float64)
    heap = np.empty(edges, np.int32)
    place = np.empty(edges, np.int32)
    for e in range(edges):
        cost[e] = _merge_cost(regions, perimeter, ends[2 * e], ends[2 * e + 1], border[e])
        heap[e] = e
        place[e] = e
    for position in range(edges // 2 - 1, -1, -1):
        _sift(cost, heap, place, position, edges)
    count = edges
    met_as = np.full(nodes, -1, np.int32)  # edge by which the new region already touches a neighbour
    for node in range(n, nodes):
        cheapest = heap[0]
        a, b = ends[2 * cheapest], ends[2 * cheapest + 1]
        parents[a] = node
        parents[b] = node
        size = regions[a, 3] + regions[b, 3]
        for i in range(3):
            regions[node, i] = (regions[a, i] * regions[a, 3] + regions[b, i] * regions[b, 3]) / size
        regions[node, 3] = size
        perimeter[node] = perimeter[a] + perimeter[b] - 2 * border[cheapest]
        count = _remove(cost, heap, place, cheapest, count)
        place[cheapest] = -1
        following[tail[a]] = head[b]
        last = -1
        half = head[a]
        while half >= 0:
            edge = half >> 1
            if place[edge] >= 0:
                other = ends[half ^ 1]
                known = met_as[other]
                if known >= 0 and ends[2 * known] != node and ends[2 * known + 1] != node:
                    known = -1
                if known >= 0 and place[known] >= 0:
                    border[known] += border[edge]
                    count = _remove(cost, heap, place, edge, count)
                    place[edge] = -1
                else:
                    met_as[other] = edge
                    ends[half] = node
                    if last < 0:
                        head[node] = half
                    else:
                        following[last] = half
                    last = half
            half = following[half]
        tail[node] = last
        if last >= 0:
            following[last] = -1
            half = head[node]
            while half >= 0:
                edge = half >> 1
                cost[edge] = _merge_cost(regions, perimeter, node, ends[half ^ 1], border[edge])
                _sift(cost, heap, place, place[edge], count)
                half = following[half]
    parents[nodes - 1] = nodes - 1
