"""Which node of an image's merge tree to outline: the one inside of which most is like what is asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.cell_maps import SIDE, smoothed
from gallery.descriptors.region_choice import Parents, candidates
from selector.arrays import Floats, Labels
from selector.segmentation.superpixels import superpixel_boxes

MIN_SHARE, MAX_SHARE = 0.01, 0.6  # of the image; a larger one would say hardly more than that the image is meant
SIZE_POWER = 0.4  # how much a node's size counts beside the difference between its inside and its outside
CENTRE = 0.2  # how much the likeness at the centre of a node's box counts beside that difference
LEAST = 2e-5  # smaller shares of a cell are left out


@dataclass(frozen=True, eq=False)
class OutlineTree:
    """The nodes of a merge tree that may be outlined, and where on a grid they lie.

    Attributes
    ----------
    nodes : uint16 ndarray, shape (k,)
        In ascending order; the last one is the root, which is never outlined.
    parents : uint16 ndarray, shape (k,)
        The row of the smallest other node that holds each; the root's is its own.
    centres : uint8 ndarray, shape (k,)
        The cell of the grid in which the centre of each node's box lies.
    owners : uint16 ndarray, shape (m,)
        The row of a node,
    cells : uint16 ndarray, shape (m,)
        a cell of the grid,
    shares : float16 ndarray, shape (m,)
        and how much of the image belongs to both, and to no smaller node.
    """

    nodes: npt.NDArray[np.uint16]
    parents: npt.NDArray[np.uint16]
    centres: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.uint16]
    cells: npt.NDArray[np.uint16]
    shares: npt.NDArray[np.float16]

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
        nodes = np.append(kept, len(parents) - 1)
        row = np.full(len(parents), -1)
        row[nodes] = np.arange(len(nodes))
        # Up from each node to the smallest kept one above it; pointers to pointers take log2(depth) rounds.
        above = parents.astype(np.intp)
        while (row[above] < 0).any():
            above = np.where(row[above] < 0, above[above], above)
        above = row[above]
        n = len(areas)
        lowest = np.where(row[:n] >= 0, row[:n], above[:n])
        own = np.zeros((len(nodes), cell_shares.shape[1]), np.float32)
        np.add.at(own, lowest, cell_shares)
        owners, cells = np.nonzero(own > LEAST)
        return cls(
            nodes.astype(np.uint16),
            above[nodes].astype(np.uint16),
            _cells_at(centres[nodes], labels.shape),
            owners.astype(np.uint16),
            cells.astype(np.uint16),
            own[owners, cells].astype(np.float16),
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
        own = np.zeros((len(self.nodes), 2), np.float32)
        own[:, 0] = np.bincount(self.owners, shares, len(own))
        own[:, 1] = np.bincount(self.owners, shares * likeness[self.cells], len(own))
        for row, parent in enumerate(self.parents[:-1].tolist()):
            own[parent] += own[row]
        (size, inside), (whole, total) = own[:-1].T, own[-1]
        size = np.clip(size / whole, 1e-6, 1 - 1e-6)
        inside, total = inside / whole, total / whole
        middle = smoothed(likeness)[self.centres[:-1]] - total
        contrast = inside / size - (total - inside) / (1 - size) + CENTRE * middle
        return int(self.nodes[(contrast * (size * (1 - size)) ** SIZE_POWER).argmax()])

    def pack(self) -> bytes:
        """All arrays, as `numpy.savez` writes them."""
        out = io.BytesIO()
        np.savez_compressed(out, **vars(self))
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> OutlineTree:
        """The tree that `pack` made bytes of."""
        with np.load(io.BytesIO(data)) as arrays:
            return cls(**arrays)


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
