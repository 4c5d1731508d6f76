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
NONE = 255
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
        The cell of the grid in which the centre of each node's box lies; `NONE` for a node that does not hold this
        centre, and is not outlined.
    """

    nodes: npt.NDArray[np.uint16]
    firsts: npt.NDArray[np.uint16]
    owners: npt.NDArray[np.uint16]
    shares: npt.NDArray[np.float16]
    cells: npt.NDArray[np.uint8]
    centres: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, parents: Parents, labels: Labels, areas: npt.NDArray[np.integer], cell_shares: Floats) -> OutlineTree:
        """Prune a merge tree to the nodes of a sensible size.

        A node that does not hold the centre of its own box is a frame or a fringe: what is around a thing, seldom a
        thing.

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
        nodes, above, firsts = _below_first(np.append(kept, len(parents) - 1), parents)
        row = np.full(len(parents), -1)
        row[nodes] = np.arange(len(nodes))
        n = len(areas)
        lowest = np.where(row[:n] >= 0, row[:n], row[_kept_above(parents, row >= 0)[:n]])
        # Superpixels of the same lowest node come together: so they are added up at once.
        order = np.argsort(lowest, kind="stable")
        there, starts = np.unique(lowest[order], return_index=True)
        own = np.zeros((len(nodes), cell_shares.shape[1]), np.float32)
        own[there] = np.add.reduceat(cell_shares[order], starts)
        owners, cells = np.nonzero(own > LEAST)
        middles = _box_centres(superpixel_boxes(labels)[order], there, starts, above)
        beside = lowest[labels[tuple(middles.T)]]
        holds = (firsts <= beside) & (beside <= np.arange(len(nodes)))
        return cls(
            nodes.astype(np.uint16),
            firsts.astype(np.uint16),
            owners.astype(np.uint16),
            own[owners, cells].astype(np.float16),
            cells.astype(np.uint8),
            np.where(holds, _cells_at(middles, labels.shape), NONE).astype(np.uint8),
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
        holds = self.centres[:-1] != NONE
        if not holds.any():
            return None
        middle = smoothed(likeness)[np.where(holds, self.centres[:-1], 0)] - total
        contrast = inside / size - (total - inside) / (1 - size) + CENTRE * middle
        return int(self.nodes[np.where(holds, contrast * (size * (1 - size)) ** SIZE_POWER, -np.inf).argmax()])

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


def _below_first(
    nodes: npt.NDArray[np.intp], parents: Parents
) -> tuple[npt.NDArray[np.intp], list[int], npt.NDArray[np.intp]]:
    """Nodes in such an order that those below each come right before it: the nodes, and for each row two others.

    These are the row of the smallest node above it, and the first row of those below it. The nodes are given in
    ascending order, so that each comes before those above it; the last one is the root.
    """
    kept = np.zeros(len(parents), bool)
    kept[nodes] = True
    above = np.searchsorted(nodes, _kept_above(parents, kept)[nodes])
    sizes = [1] * len(nodes)
    for row, up in enumerate(above[:-1].tolist()):
        sizes[up] += sizes[row]
    places = [len(nodes) - 1] * len(nodes)
    free = [len(nodes) - 2] * len(nodes)
    for row, up in reversed(list(enumerate(above[:-1].tolist()))):
        places[row] = free[up]
        free[up] -= sizes[row]
        free[row] = places[row] - 1
    order = np.argsort(places)
    firsts = np.arange(len(nodes)) - np.array(sizes)[order] + 1
    return nodes[order], np.array(places)[above[order]].tolist(), firsts


def _kept_above(parents: Parents, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The smallest kept node above each node; above the root, itself. Pointers to pointers take log2(depth) rounds."""
    above = parents.astype(np.intp)
    while not kept[above].all():
        above = np.where(kept[above], above, above[above])
    return above


def _box_centres(
    boxes: npt.NDArray[np.int64], there: npt.NDArray[np.intp], starts: npt.NDArray[np.intp], above: list[int]
) -> npt.NDArray[np.intp]:
    """The pixel (row, column) at the centre of the box around each row of a tree: intp (k, 2).

    Parameters
    ----------
    boxes : int64 ndarray, shape (n, 4)
        From `superpixel_boxes`, those of the same row together.
    there, starts : intp ndarray
        The rows that have superpixels of their own, and where these begin.
    above : list of int
        The row above each row; it comes later.
    """
    ends = np.hstack([np.minimum.reduceat(boxes[:, :2], starts), np.maximum.reduceat(boxes[:, 2:], starts)])
    around: list[list[int] | None] = [None] * len(above)
    for row, box in zip(there.tolist(), ends.tolist(), strict=True):
        around[row] = box
    for row, up in enumerate(above[:-1]):
        around[up] = _joined(around[row], around[up])
    left, top, right, bottom = np.array(around, np.intp).T
    return np.stack([(top + bottom - 1) // 2, (left + right - 1) // 2], axis=1)


def _joined(one: list[int] | None, other: list[int] | None) -> list[int] | None:
    """The box around two boxes; nothing lies around none."""
    if one is None or other is None:
        return one or other
    return [min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])]


def _cells_at(pixels: npt.NDArray[np.intp], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The cell of the grid that each pixel (row, column) of an image lies in."""
    rows, columns = (pixels * SIDE // np.array(shape)).T
    cells: npt.NDArray[np.uint8] = (rows * SIDE + columns).astype(np.uint8)
    return cells
