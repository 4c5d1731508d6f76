"""How well an image shows the places of a selection: each of these beside its best place in the image.

The vector of a region is a mean, in which a thing that is smaller than the region drowns; a cell is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gallery.descriptors.cell_maps import STEPS, Bytes
from gallery.descriptors.pooling import unit
from selector.arrays import Floats

COUNT = 8
ROUNDS = 8
AT_ONCE = 10  # images that are compared at once, as many as a processor's cache holds
LEAST_COVERED = 0.25  # of what the most covered cell is: at its edge, a cell holds more of what is around the selection


@dataclass(frozen=True, eq=False)
class Clusters:
    """The cells of a selection, as a few of their means.

    Attributes
    ----------
    vectors : float32 ndarray, shape (k, d)
        Unit vectors, at most `COUNT`.
    shares : float32 ndarray, shape (k,)
        How much of the selection each stands for; they add up to 1.
    """

    vectors: Floats
    shares: Floats

    @classmethod
    def of(cls, cells: Floats, covered: Floats) -> Clusters | None:
        """Cluster the cells that a selection covers (spherical k-means, from cells that are far from each other).

        Parameters
        ----------
        cells : float32 ndarray, shape (c, d)
            Unit vectors.
        covered : float32 ndarray, shape (c,)
            How much of each cell is selected.

        Returns
        -------
        Clusters or None
            None where nothing is selected.
        """
        if not covered.any():
            return None
        chosen = np.flatnonzero(np.greater(covered, LEAST_COVERED * float(covered.max())))
        cells, weights = cells[chosen], covered[chosen]
        vectors = cells[_far_apart(cells, int(weights.argmax()))]
        for _ in range(ROUNDS):
            nearest = (cells @ vectors.T).argmax(axis=1)
            mine = np.where(nearest[:, None] == np.arange(len(vectors)), weights[:, None], 0)
            vectors = np.where(mine.sum(axis=0)[:, None] > 0, unit(mine.T @ cells), vectors)
        shares = mine.sum(axis=0) / weights.sum()
        return cls(vectors.astype(np.float32), shares.astype(np.float32))

    def found_in(self, maps: Bytes) -> Floats:
        """How far the best cell for each cluster is above the mean of all cells of its image: the mean over clusters.

        Parameters
        ----------
        maps : int8 ndarray, shape (n, c, d)
            Cells of images, as `cell_maps.pack_cells` writes them.

        Returns
        -------
        float32 ndarray, shape (n,)

        References
        ----------
        Khattab, Zaharia, "ColBERT: efficient and effective passage search via contextualized late interaction over
        BERT", SIGIR 2020, for the sum of the best matches. The mean is taken off here, as an image that is fairly like
        the selection everywhere does not show it.
        """
        above = np.zeros((len(maps), len(self.vectors)), np.float32)
        for start in range(0, len(maps), AT_ONCE):
            cosines = maps[start : start + AT_ONCE].astype(np.float32) @ self.vectors.T
            above[start : start + AT_ONCE] = cosines.max(axis=1) - cosines.mean(axis=1)
        found: Floats = above @ self.shares / np.float32(STEPS)
        return found


def _far_apart(cells: Floats, first: int) -> list[int]:
    """The rows of at most `COUNT` cells: the first, and each time the one that is least like those before."""
    rows = [first]
    likest = cells @ cells[first]
    while len(rows) < min(COUNT, len(cells)):
        rows.append(int(likest.argmin()))
        likest = np.maximum(likest, cells @ cells[rows[-1]])
    return rows
