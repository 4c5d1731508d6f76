"""The merge tree over superpixels, and its cuts into any number of regions.

Regions are merged two by two, always those that cost least. The cost is Ward's (the colour variance that is lost by
painting both in one mean), with texture as a fourth colour, raised where the border between the two shows, and
lowered for regions that are varied in themselves or share much of their outline:

    n_a n_b / (n_a + n_b) * (d^2 + c / 2 + 5) * (p / b / (s + 50))^(1/4)

n: pixels; d: distance of the means of (L, 1.5 a, 1.5 b, 2 * the standard deviation of L in a superpixel); c: mean of
the same squared distance over the pairs of superpixels along the border; p: the smaller perimeter; b: the shared
border; s: mean scatter of superpixels within the two.

Ward, "Hierarchical grouping to optimize an objective function", JASA 1963.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Rgb
from selector.segmentation.lab import Planes, check_rgb, given_planes
from selector.segmentation.slic import MAX_SUPERPIXELS

CHROMA_WEIGHT = 1.5
TEXTURE_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A merge tree over n superpixels.

    Attributes
    ----------
    parents : uint16, shape (2n - 1,)
        Leaves are 0..n-1, merge i makes node n + i, `parents[child]` is the node it went into; the root's is itself.
    """

    parents: npt.NDArray[np.uint16]

    @property
    def n_superpixels(self) -> int:
        """How many leaves the tree has."""
        return (len(self.parents) + 1) // 2

    def cut(self, level: int) -> Labels:
        """Undo merges, the last one first, until there are `level` regions.

        Parameters
        ----------
        level : int
            How many regions; clipped to 1..n. Regions of one level lie within those of every lower one.

        Returns
        -------
        uint16, shape (n,)
            Region 0..level-1 of every superpixel, numbered by first superpixel. The regions of all pixels are
            `tree.cut(level)[labels]`.

        Examples
        --------
        >>> import numpy as np
        >>> tree = Hierarchy(np.array([3, 4, 3, 4, 4], np.uint16))
        >>> tree.cut(2)
        array([0, 1, 0], dtype=uint16)
        """
        n = self.n_superpixels
        n_nodes = 2 * n - min(max(operator.index(level), 1), n)  # of the merges, only nodes below this are kept
        ancestors = self.parents[:n_nodes].astype(np.intp)
        np.copyto(ancestors, np.arange(n_nodes), where=ancestors >= n_nodes)
        # Every round doubles the steps that each node has gone up.
        while not np.array_equal(further := ancestors[ancestors], ancestors):
            ancestors = further
        roots, superpixels = ancestors[:n], np.arange(n)
        first = np.empty(n_nodes, np.intp)
        first[roots[::-1]] = superpixels[::-1]  # of several superpixels with one root the last written stays
        leaders = first[roots]
        number = np.cumsum(leaders == superpixels) - 1
        return number[leaders].astype(np.uint16)

    def to_bytes(self) -> bytes:
        """The parents as little-endian 16-bit numbers."""
        return self.parents.astype("<u2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Hierarchy:
        """The tree of which `to_bytes` made `data`; ValueError if that is no merge tree."""
        if len(data) % 4 != 2 or len(data) > 2 * (2 * MAX_SUPERPIXELS - 1):
            raise ValueError("A merge tree has an odd number of nodes of two bytes.")
        parents = np.frombuffer(data, "<u2").astype(np.uint16)
        nodes, n = np.arange(len(parents)), (len(parents) + 1) // 2
        upward = parents[-1] == nodes[-1] and np.all(parents[:-1] > nodes[:-1])
        children = np.bincount(parents[:-1], minlength=len(parents))
        if not upward or not np.array_equal(children, np.where(nodes < n, 0, 2)):
            raise ValueError("In a merge tree every node but the superpixels joins two earlier ones.")
        return cls(parents)


def build(rgb: Rgb, labels: Labels, *, lab: Planes | None = None) -> Hierarchy:
    """Merge superpixels two by two into a tree.

    Parameters
    ----------
    rgb : uint8, shape (H, W, 3)
        sRGB image.
    labels : uint16, shape (H, W)
        Its superpixels 0..n-1 without gaps, n at most 32,767.
    lab : float32 ndarray, shape (3, H, W), optional
        What `lab_planes` gives for `rgb`, where the caller has it already.

    Raises
    ------
    ValueError
        If the arrays are not like that.
    """
    from selector.segmentation import hierarchy_kernels as kernels

    check_rgb(rgb)
    if not isinstance(labels, np.ndarray) or labels.dtype != np.uint16 or labels.shape != rgb.shape[:2]:
        raise ValueError("labels must be a NumPy array of uint16 with the height and width of rgb.")
    n = int(labels.max()) + 1
    if n > MAX_SUPERPIXELS:
        raise ValueError(f"A merge tree holds at most {MAX_SUPERPIXELS} superpixels, not {n}.")
    labels = np.ascontiguousarray(labels)
    features, regions = _superpixels(given_planes(rgb, lab), labels, n)
    ends, lengths = _borders(labels, n)
    regions[:n, 1] = np.bincount(ends.ravel(), np.repeat(lengths, 2), n)
    contrast = ((features[ends[:, 0]] - features[ends[:, 1]]) ** 2).sum(axis=1)
    parents = np.empty(2 * n - 1, np.uint16)
    kernels.merge(features, regions, ends.ravel(), np.stack([lengths, lengths * contrast], axis=1), parents)
    return Hierarchy(parents)


def _superpixels(lab: Planes, labels: Labels, n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Features (2n - 1, 4) and sizes (2n - 1, 3: the rest 0) of nodes, filled in for the superpixels."""
    from selector.segmentation import hierarchy_kernels as kernels

    sums = np.zeros((n, 5))
    kernels.sum_superpixels(lab, labels, sums)
    sizes = sums[:, 4]
    if not sizes.all():
        raise ValueError(f"labels must be 0..n-1 without gaps; {int(sizes.argmin())} is missing.")
    means = sums[:, :4] / sizes[:, None]
    features, regions = np.zeros((2 * n - 1, 4)), np.zeros((2 * n - 1, 3))
    features[:n, :3] = means[:, :3] * (1, CHROMA_WEIGHT, CHROMA_WEIGHT)
    features[:n, 3] = TEXTURE_WEIGHT * np.sqrt(np.maximum(means[:, 3] - means[:, 0] ** 2, 0))
    regions[:n, 0] = sizes
    return features, regions


def _borders(labels: Labels, n: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Every two superpixels that touch (edges, 2), in order, and along how many pixels (edges,)."""
    from selector.segmentation import hierarchy_kernels as kernels

    taken, slots = -1, 1 << (8 * (n + labels.shape[1])).bit_length()
    while taken < 0:
        keys, counts = np.full(slots, -1, np.int32), np.empty(slots, np.int32)
        taken = kernels.count_borders(labels, keys, counts)
        slots *= 2
    slot = np.flatnonzero(keys >= 0)
    slot = slot[np.argsort(keys[slot])]
    return np.stack([keys[slot] >> 15, keys[slot] & 0x7FFF], axis=1), counts[slot].astype(np.float64)
