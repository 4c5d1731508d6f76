"""Which node of an image's merge tree to outline: the one inside of which most is like what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors.cell_maps import SIDE, smoothed
from gallery.descriptors.region_choice import Parents, candidates
from selector.arrays import Floats, Labels
from selector.segmentation.superpixels import superpixel_boxes

MIN_SHARE, MAX_SHARE = 0.01, 0.6  # of the image; a larger one would say hardly more than that the image is meant
SIZE_POWER = 0.4  # how much a node's size counts beside the difference between its inside and its outside
CENTRE = 0.2  # how much the likeness at the centre of a node's box counts beside that difference
# Arrays of a tree as they are stored, each with its type, and whether it is as long as the nodes or the shares.
PACKED = (
    ("nodes", "<u2", 0),
    ("firsts", "<u2", 0),
    ("owners", "<u2", 1),
    ("shares", "<f2", 1),
    ("cells", "u1", 1),
    ("centres", "u1", 0),
)
LEAST = 2e-5  # smaller shares of a cell are left out


@dataclass(frozen=True, eq=False)
class OutlineTree:
    """The nodes of a merge tree that may be outlined, and where on a grid they lie.

    Attributes
    ----------
    nodes : uint16 ndarray, shape (k,)
        In an order in which the nodes below each come right before it; the last one is the root, which is never
        outlined.
    firsts : uint16 ndarray, shape (k,)
        The row from which on the nodes below each come; its own row where there are none.
    owners : uint16 ndarray, shape (m,)
        The row of a node,
    cells : uint8 ndarray, shape (m,)
        a cell of the grid,
    shares : float16 ndarray, shape (m,)
        and how much of the image belongs to both, and to no smaller node.
    centres : uint8 ndarray, shape (k,)
        The cell of the grid in which the centre of each node's box lies.
    """

    nodes: npt.NDArray[np.uint16]
    firsts: npt.NDArray[np.uint16]
    owners: npt.NDArray[np.uint16]
    shares: npt.NDArray[np.float16]
    cells: npt.NDArray[np.uint8]
    centres: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, parents: Parents, labels: Labels, areas: npt.NDArray[np.integer], cell_shares: Floats) -> OutlineTree:
        """Prune a merge tree to the nodes of a sensible size that hold the centre of their own box.

        The others are frames and fringes: what is around a thing, seldom a thing.

        Parameters
        ----------
        parents : uint16 ndarray, shape (2n - 1,)
            Merge tree.
        labels : uint16 ndarray, shape (H, W)
            Superpixel of each pixel.
        areas : integer ndarray, shape (n,)
            Pixels of each superpixel.
        cell_shares : float32 ndarray, shape (n, c)
            From `kernels.cell_shares`.

        Returns
        -------
        OutlineTree
        """
        kept = candidates(parents, areas, min_share=MIN_SHARE, max_share=MAX_SHARE)
        centres = box_centres(parents, labels)
        kept = kept[_hold(parents, kept, labels[tuple(centres[kept].T)])]
        nodes, sizes = _below_first(np.append(kept, len(parents) - 1), parents)
        row = np.full(len(parents), -1)
        row[nodes] = np.arange(len(nodes))
        n = len(areas)
        lowest = np.where(row[:n] >= 0, row[:n], row[_kept_above(parents, row >= 0)[:n]])
        own = np.zeros((len(nodes), cell_shares.shape[1]), np.float32)
        np.add.at(own, lowest, cell_shares)
        owners, cells = np.nonzero(own > LEAST)
        return cls(
            nodes.astype(np.uint16),
            (np.arange(len(nodes)) - sizes + 1).astype(np.uint16),
            owners.astype(np.uint16),
            own[owners, cells].astype(np.float16),
            cells.astype(np.uint8),
            _cells_at(centres[nodes], labels.shape),
        )

    def best_node(self, likeness: Floats) -> int | None:
        """The node to outline.

        Parameters
        ----------
        likeness : float32 ndarray, shape (c,)
            How like what is asked for each cell is.

        Returns
        -------
        int or None
            The node of which the inside is most like it, beside the outside; large differences of tiny nodes count
            less, and a node whose middle is like it counts more. None for an image without a node of a sensible size.
        """
        if len(self.nodes) < 2:
            return None
        shares = self.shares.astype(np.float32)
        (size, whole), (inside, total) = self._sums(shares), self._sums(shares * likeness[self.cells])
        size = np.clip(size / whole, 1e-6, 1 - 1e-6)
        inside, total = inside / whole, total / whole
        middle = smoothed(likeness)[self.centres[:-1]] - total
        contrast = inside / size - (total - inside) / (1 - size) + CENTRE * middle
        return int(self.nodes[(contrast * (size * (1 - size)) ** SIZE_POWER).argmax()])

    def _sums(self, values: Floats) -> tuple[npt.NDArray[np.float64], float]:
        """The sums of values (m,) within each node but the root, (k - 1,), and within that."""
        before = np.concatenate([[0.0], np.cumsum(np.bincount(self.owners, values, len(self.nodes)))])
        return before[1:-1] - before[self.firsts[:-1]], float(before[-1])

    def pack(self) -> bytes:
        """The lengths k and m, and all arrays one after the other."""
        lengths = np.array([len(self.nodes), len(self.owners)], "<u2")
        return lengths.tobytes() + b"".join(
            getattr(self, name).astype(kind, copy=False).tobytes() for name, kind, _ in PACKED
        )

    @classmethod
    def unpack(cls, data: bytes) -> OutlineTree:
        """The tree that `pack` made bytes of."""
        lengths = np.frombuffer(data, "<u2", 2).tolist()
        arrays: dict[str, Any] = {}
        offset = 4
        for name, kind, which in PACKED:
            arrays[name] = np.frombuffer(data, kind, lengths[which], offset)
            offset += arrays[name].nbytes
        return cls(**arrays)


def _below_first(nodes: npt.NDArray[np.intp], parents: Parents) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Nodes in such an order that those below each come right before it, and how many these are with it.

    The nodes are given in ascending order, so that each comes before those above it; the last one is the root.
    """
    kept = np.zeros(len(parents), bool)
    kept[nodes] = True
    above = np.searchsorted(nodes, _kept_above(parents, kept)[nodes]).tolist()
    sizes = [1] * len(nodes)
    for row in range(len(nodes) - 1):
        sizes[above[row]] += sizes[row]
    places = [0] * len(nodes)
    places[-1] = len(nodes) - 1
    free = [place - 1 for place in places]
    for row in reversed(range(len(nodes) - 1)):
        places[row] = free[above[row]]
        free[above[row]] -= sizes[row]
        free[row] = places[row] - 1
    order = np.argsort(places)
    return nodes[order], np.array(sizes)[order]


def _kept_above(parents: Parents, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The smallest kept node above each node; above the root, itself. Pointers to pointers take log2(depth) rounds."""
    above = parents.astype(np.intp)
    while not kept[above].all():
        above = np.where(kept[above], above, above[above])
    return above


def box_centres(parents: Parents, labels: Labels) -> npt.NDArray[np.intp]:
    """The pixel at the centre of the box around each node of a merge tree.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    labels : uint16 ndarray, shape (H, W)

    Returns
    -------
    intp ndarray, shape (2n - 1, 2)
        Row and column.

    Examples
    --------
    >>> box_centres(np.array([2, 2, 2], np.uint16), np.array([[0, 1, 1, 1]], np.uint16)).tolist()
    [[0, 0], [0, 2], [0, 1]]
    """
    own = superpixel_boxes(labels)
    boxes = np.vstack([own, np.tile([*labels.shape[::-1], 0, 0], (len(parents) - len(own), 1))]).tolist()
    for node, parent in enumerate(parents[:-1].tolist()):
        (left, top, right, bottom), box = boxes[node], boxes[parent]
        boxes[parent] = [min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])]
    left, top, right, bottom = np.array(boxes).T
    return np.stack([(top + bottom - 1) // 2, (left + right - 1) // 2], axis=1)


def _hold(parents: Parents, nodes: npt.NDArray[np.intp], superpixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    """Whether each node holds the superpixel beside it: the way up from that meets it."""
    reached = superpixels.astype(np.intp)
    while (below := reached < nodes).any():
        reached[below] = parents[reached[below]]
    held: npt.NDArray[np.bool_] = reached == nodes
    return held


def _cells_at(pixels: npt.NDArray[np.intp], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The cell of the grid that each pixel (row, column) of an image lies in."""
    rows, columns = (pixels * SIDE // np.array(shape)).T
    cells: npt.NDArray[np.uint8] = (rows * SIDE + columns).astype(np.uint8)
    return cells
