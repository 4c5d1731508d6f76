"""Which node of an image's merge tree to outline: the one inside of which most is like what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors import node_shapes
from gallery.descriptors.cell_maps import SIDE, smoothed
from gallery.descriptors.pooling import unit
from gallery.descriptors.region_choice import Parents, candidates
from selector.arrays import Floats, Labels
from selector.segmentation.superpixels import superpixel_boxes
from selector.selection.objects.look import Borders

MIN_SHARE, MAX_SHARE = 0.01, 0.6  # of the image; a larger one would say hardly more than that the image is meant
SIZE_POWER = 0.4  # how much a node's size counts beside the difference between its inside and its outside
# How much counts beside that difference: the likeness at the centre of a node's box,
CENTRE = 0.5
# the cosine of all that is inside, taken together, with what is asked for,
TOGETHER = 4.0
# and how much more what is inside is of one kind than what is outside is of that kind.
OF_ONE_KIND = 3.0
# What counts whatever the size: the share of its box that a node fills, each side of the image that it touches,
FILLED = 1.0
TOUCHED = -0.4
# how long it lasts while the photo is merged, and the logarithm of the contrast along its edge.
LASTING = 0.3
CONTRAST = 0.15
FAINT = 0.05  # below this a contrast is none
# Arrays of a tree as they are stored, each with its type, and whether it is as long as the nodes or the shares.
PACKED = (
    ("nodes", "<u2", 0),
    ("firsts", "<u2", 0),
    ("owners", "<u2", 1),
    ("shares", "<f2", 1),
    ("cells", "u1", 1),
    ("centres", "u1", 0),
    ("filled", "u1", 0),
    ("touched", "u1", 0),
    ("lasting", "u1", 0),
    ("contrasts", "u1", 0),
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
    filled : uint8 ndarray, shape (k,)
        How much of its box each node fills, of 255.
    touched : uint8 ndarray, shape (k,)
        How many sides of the image the box of each node touches.
    lasting, contrasts : uint8 ndarray, shape (k,)
        How long each node lasts while the photo is merged, and how much contrast there is along its edge, in
        `node_shapes.STEPS` a unit.
    """

    nodes: npt.NDArray[np.uint16]
    firsts: npt.NDArray[np.uint16]
    owners: npt.NDArray[np.uint16]
    shares: npt.NDArray[np.float16]
    cells: npt.NDArray[np.uint8]
    centres: npt.NDArray[np.uint8]
    filled: npt.NDArray[np.uint8]
    touched: npt.NDArray[np.uint8]
    lasting: npt.NDArray[np.uint8]
    contrasts: npt.NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        parents: Parents,
        labels: Labels,
        areas: npt.NDArray[np.integer],
        cell_shares: Floats,
        borders: Borders,
    ) -> OutlineTree:
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
        borders : Borders
            Between the superpixels.

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
        boxes = node_shapes.boxes_of(superpixel_boxes(labels)[order], there, starts, above)
        middles = (boxes[:, 1::-1] + boxes[:, :1:-1] - 1) // 2
        beside = lowest[labels[tuple(middles.T)]]
        holds = (firsts <= beside) & (beside <= np.arange(len(nodes)))
        return cls(
            nodes.astype(np.uint16),
            firsts.astype(np.uint16),
            owners.astype(np.uint16),
            own[owners, cells].astype(np.float16),
            cells.astype(np.uint8),
            np.where(holds, node_shapes.cells_at(middles, labels.shape), NONE).astype(np.uint8),
            node_shapes.filled(np.bincount(lowest, areas, len(nodes)), firsts, boxes),
            node_shapes.touched(boxes, labels.shape),
            node_shapes.persistence(nodes, parents),
            node_shapes.contrasts(borders, lowest, above, firsts),
        )

    def best_node(self, likeness: Floats, seen: Sequence[tuple[Floats, Floats]] = ()) -> int | None:
        """The node to outline.

        Parameters
        ----------
        likeness : float32 ndarray, shape (c,)
            How like what is asked for each cell is.
        seen : sequence of (float32 (c, d), float32 (d,))
            In each space, the one that counts most first: the cells of the image, and what is asked for, unit vectors.

        Returns
        -------
        int or None
            The node of which the inside is most like it, beside the outside; large differences of tiny nodes count
            less, and a node counts more whose middle is like it, that is of one kind, that is round rather than ragged
            or cut off by the edge of the image, and that stands out from what is around it. None for an image without
            a node of a sensible size.
        """
        holds = self.centres[:-1] != NONE
        if not holds.any():
            return None
        shares = self.shares.astype(np.float32)
        (size, whole), (inside, total) = self._sums(shares), self._sums(shares * likeness[self.cells])
        size = np.clip(size / whole, 1e-6, 1 - 1e-6)
        inside, total = inside / whole, total / whole
        middle = smoothed(likeness)[np.where(holds, self.centres[:-1], 0)] - total
        score = inside / size - (total - inside) / (1 - size) + CENTRE * middle
        if seen:
            score[holds] += self._kinds(holds, size[holds], seen)
        score *= (size * (1 - size)) ** SIZE_POWER
        score += FILLED * self.filled[:-1] / 255 + TOUCHED * self.touched[:-1]
        score += LASTING * self.lasting[:-1] / node_shapes.STEPS
        score += CONTRAST * np.log(self.contrasts[:-1] / node_shapes.STEPS + FAINT)
        return int(self.nodes[np.where(holds, score, -np.inf).argmax()])

    def _kinds(
        self, which: npt.NDArray[np.bool_], size: npt.NDArray[np.float64], seen: Sequence[tuple[Floats, Floats]]
    ) -> npt.NDArray[np.float64]:
        """What counts of some nodes of all but the root, (k - 1,), of the cells of each taken together."""
        grid = np.zeros((len(self.nodes), SIDE * SIDE), np.float32)
        grid[self.owners, self.cells] = self.shares
        running = np.cumsum(grid, axis=0)
        firsts = self.firsts[:-1][which]
        within = running[:-1][which] - running[firsts] + grid[firsts]
        whole = running[-1] / running[-1].sum()
        within /= running[-1].sum()
        together, of_one_kind = np.zeros(len(size)), np.zeros(len(size))
        for number, (cells, asked) in enumerate(seen):
            sums = within @ cells
            means = unit(sums)
            together += means @ asked / len(seen)
            if number == 0:
                inside = (means * sums).sum(axis=1)
                of_one_kind = inside / size - (means @ (whole @ cells) - inside) / (1 - size)
        return TOGETHER * together + OF_ONE_KIND * of_one_kind

    def _sums(self, values: Floats) -> tuple[npt.NDArray[np.float64], float]:
        """The sums of values (m,) within each node but the root, (k - 1,), and within that."""
        sums = node_shapes.within(np.bincount(self.owners, values, len(self.nodes)), self.firsts)
        return sums[:-1], float(sums[-1])

    def pack(self) -> bytes:
        """The lengths k and m, and all arrays one after the other."""
        lengths = np.array([len(self.nodes), len(self.owners)], "<u2")
        return lengths.tobytes() + b"".join(
            getattr(self, name).astype(kind, copy=False).tobytes() for name, kind, _ in PACKED
        )

    @classmethod
    def unpack(cls, data: bytes) -> OutlineTree:
        """The tree that `pack` made bytes of; one that was stored without shapes has empty ones."""
        lengths = np.frombuffer(data, "<u2", 2).tolist()
        arrays: dict[str, Any] = {}
        offset = 4
        for name, kind, which in PACKED:
            if offset == len(data):
                arrays[name] = np.zeros(lengths[which], kind)
                continue
            arrays[name] = np.frombuffer(data, kind, lengths[which], offset)
            offset += arrays[name].nbytes
        return cls(**arrays)


def _below_first(
    nodes: npt.NDArray[np.intp], parents: Parents
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
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
    return nodes[order], np.array(places)[above[order]], firsts


def _kept_above(parents: Parents, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The smallest kept node above each node; above the root, itself. Pointers to pointers take log2(depth) rounds."""
    above = parents.astype(np.intp)
    while not kept[above].all():
        above = np.where(kept[above], above, above[above])
    return above
