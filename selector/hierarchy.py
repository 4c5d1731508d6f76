"""The merge tree over superpixels, and its cuts into any number of regions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selector.slic import MAX_SUPERPIXELS, check_rgb, lab_planes


@dataclass(frozen=True)
class Hierarchy:
    """A merge tree: `parents` (2n - 1,) uint16, leaves 0..n-1, merge i makes node n + i, the root its own parent."""

    parents: NDArray[np.uint16]

    @property
    def n_superpixels(self) -> int:
        """Number of leaves."""
        return (len(self.parents) + 1) // 2

    def cut(self, level: int) -> NDArray[np.uint16]:
        """Region (0..level-1, numbered by first superpixel) of every superpixel; `level` is clipped to 1..n."""
        n = self.n_superpixels
        level = min(max(int(level), 1), n)
        kept = 2 * n - level
        ancestor = self.parents[:kept].astype(np.intp)
        roots = ancestor >= kept
        ancestor[roots] = np.flatnonzero(roots)
        if kept == 2 * n - 1:
            ancestor[-1] = kept - 1
        while True:
            higher = ancestor[ancestor]
            if np.array_equal(higher, ancestor):
                break
            ancestor = higher
        root_of_leaf = ancestor[:n]
        first = np.empty(kept, np.intp)
        first[root_of_leaf[::-1]] = np.arange(n - 1, -1, -1)
        leader = first[root_of_leaf]
        number = np.cumsum(leader == np.arange(n)) - 1
        return number[leader].astype(np.uint16)

    def to_bytes(self) -> bytes:
        """The parents as little-endian 16-bit numbers."""
        return self.parents.astype("<u2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Hierarchy":
        """The inverse of `to_bytes`; raises ValueError for bytes that are no merge tree."""
        if len(data) % 4 != 2:
            raise ValueError("A merge tree has an odd number of nodes.")
        return cls(np.frombuffer(data, "<u2").astype(np.uint16))


def build(rgb: NDArray[np.uint8], labels: NDArray[np.uint16]) -> Hierarchy:
    """Merge the superpixels `labels` (H, W) of `rgb` (H, W, 3) two by two into a tree."""
    from selector import kernels

    check_rgb(rgb)
    if not isinstance(labels, np.ndarray) or labels.dtype != np.uint16 or labels.shape != rgb.shape[:2]:
        raise ValueError("labels must be uint16 of the height and width of rgb.")
    n = int(labels.max()) + 1
    if n > MAX_SUPERPIXELS:
        raise ValueError(f"A merge tree holds at most {MAX_SUPERPIXELS} superpixels, not {n}.")
    labels = np.ascontiguousarray(labels)
    sums = np.zeros((n, 4))
    kernels.sum_labels(lab_planes(np.ascontiguousarray(rgb)), labels, sums)
    slots = 1 << (16 * n - 1).bit_length()
    while True:
        keys, borders = np.full(slots, -1, np.int64), np.zeros(slots, np.int64)
        if kernels.count_borders(labels, keys, borders) >= 0:
            break
        slots *= 2
    taken = np.flatnonzero(keys >= 0)
    taken = taken[np.argsort(keys[taken])]
    ends = np.stack([keys[taken] >> 16, keys[taken] & 0xFFFF], axis=1).astype(np.int32).reshape(-1)
    border = borders[taken].astype(np.float64)
    regions, perimeter = np.zeros((2 * n - 1, 4)), np.zeros(2 * n - 1)
    regions[:n, :3] = sums[:, :3] / sums[:, 3:]
    regions[:n, 3] = sums[:, 3]
    perimeter[:n] = np.bincount(ends, np.repeat(border, 2), n)
    parents = np.empty(2 * n - 1, np.uint16)
    kernels.merge(regions, perimeter, ends, border, parents)
    return Hierarchy(parents)
