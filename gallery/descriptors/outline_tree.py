"""Which node of an image's merge tree to outline: the one inside of which most is like what is asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.region_choice import Parents, candidates
from selector.arrays import Floats

MIN_SHARE, MAX_SHARE = 0.01, 0.6  # of the image; a larger one would say hardly more than that the image is meant
SIZE_POWER = 0.4  # how much a node's size counts beside the difference between its inside and its outside
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
    owners : uint16 ndarray, shape (m,)
        The row of a node,
    cells : uint16 ndarray, shape (m,)
        a cell of the grid,
    shares : float16 ndarray, shape (m,)
        and how much of the image belongs to both, and to no smaller node.
    """

    nodes: npt.NDArray[np.uint16]
    parents: npt.NDArray[np.uint16]
    owners: npt.NDArray[np.uint16]
    cells: npt.NDArray[np.uint16]
    shares: npt.NDArray[np.float16]

    @classmethod
    def of(cls, parents: Parents, areas: npt.NDArray[np.integer], cell_shares: Floats) -> OutlineTree:
        """Prune a merge tree.

        Parameters
        ----------
        parents : uint16 ndarray, shape (2n - 1,)
            Merge tree.
        areas : integer ndarray, shape (n,)
            Pixels of each superpixel.
        cell_shares : float32 ndarray, shape (n, c)
            From `kernels.cell_shares`.

        Returns
        -------
        OutlineTree
        """
        kept = candidates(parents, areas, min_share=MIN_SHARE, max_share=MAX_SHARE)
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
            less. None for an image that has no node of a sensible size.
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
        contrast = (inside / size - (total - inside) / (1 - size)) * (size * (1 - size)) ** SIZE_POWER
        return int(self.nodes[contrast.argmax()])

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
