"""From a stored feature map to the vectors of regions. Needs no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import RegionMembers, membership, region_sums, unit
from selector.arrays import Floats, Labels, Rgb

PADDING = 0.15  # of the sides of a region's box, on each side
DIRECTIONS = 32  # in which the cells of one map vary: more are noise


@dataclass(frozen=True, eq=False)
class SharedMap:
    """A feature map that is shared out among n superpixels: additive features, as the product of two matrices.

    Multiplied only for regions: n rows of D numbers take longer to compute than all the rest of a search, and more
    memory than both factors.

    Attributes
    ----------
    shares : float32 ndarray, shape (n, h * w)
        How much of each superpixel falls to each cell of the bilinearly enlarged map, as a share of the image.
    cells : float32 ndarray, shape (h * w, D)
    """

    shares: Floats
    cells: Floats

    def __len__(self) -> int:
        return len(self.shares)

    @property
    def nbytes(self) -> int:
        """Bytes of both factors."""
        return self.shares.nbytes + self.cells.nbytes

    def sums(self, members: RegionMembers) -> Floats:
        """The features of regions: the average over each region, times its share of the image.

        Parameters
        ----------
        members : bool ndarray, shape (r, n), or a sequence of r integer arrays
            The superpixels of each region.

        Returns
        -------
        float32 ndarray, shape (r, D)
        """
        return region_sums(self.shares, members) @ self.cells


def superpixel_features(feature_map: npt.NDArray[np.floating], labels: Labels) -> SharedMap:
    """Share a feature map out among the superpixels.

    Parameters
    ----------
    feature_map : floating ndarray, shape (h, w, D)
        From `Tower.feature_map`; half precision is enough to store it.
    labels : uint16 ndarray, shape (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    SharedMap
        A pixel is shared by the four cells around it; all shares add up to 1.
    """
    from gallery.descriptors import kernels

    rows, columns, depth = feature_map.shape
    shares = kernels.cell_shares(np.ascontiguousarray(labels), int(labels.max()) + 1, rows, columns)
    return SharedMap(shares, np.ascontiguousarray(feature_map, np.float32).reshape(-1, depth))


def region_vectors(features: SharedMap, members: RegionMembers) -> Floats:
    """Describe regions by the features of their superpixels.

    Parameters
    ----------
    features : SharedMap
        From `superpixel_features`.
    members : bool ndarray, shape (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 ndarray, shape (r, D)
        Unit vectors in the direction of the average over the region; zero for a region without superpixels.
    """
    return unit(features.sums(members))


def varying_features(features: SharedMap) -> Floats:
    """What tells the superpixels of one image apart: features beside their mean, in the directions that vary most.

    Parameters
    ----------
    features : SharedMap
        From `superpixel_features`.

    Returns
    -------
    float32 ndarray, shape (n, d)
        Principal components, d at most `DIRECTIONS`. They mean nothing beside those of another image.
    """
    cells = features.cells - features.cells.mean(axis=0)
    # Far fewer cells than dimensions: the products of cells have the same directions.
    spread, directions = np.linalg.eigh((cells @ cells.T).astype(np.float64))
    kept = slice(-1, -1 - DIRECTIONS, -1)
    components = directions[:, kept] * np.sqrt(np.maximum(spread[kept], 0))
    shares = features.shares / np.maximum(features.shares.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(shares @ components, np.float32)


def padded_crops(rgb: Rgb, labels: Labels, members: RegionMembers, padding: float = PADDING) -> list[Rgb]:
    """Cut out the box of each region with a margin.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.
    labels : uint16 ndarray, shape (H, W)
        Superpixel of each pixel, 0..n-1.
    members : bool ndarray, shape (r, n), or a sequence of r integer arrays
        The superpixels of each region.
    padding : float, optional
        Width of the margin on each side, as a share of that side of the box; it ends at the edge of the image.

    Returns
    -------
    list of uint8 ndarray, shape (h, w, 3)
        Views of the image, one a region; the whole image for a region without superpixels.
    """
    masks = membership(members, int(labels.max()) + 1)
    return [rgb[_padded_box(mask[labels], padding)] for mask in masks]


def _padded_box(mask: npt.NDArray[np.bool_], padding: float) -> tuple[slice, ...]:
    """The rows and columns of a mask's box with its margin."""
    if not mask.any():
        return (slice(None),)
    box = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(axis=1 - axis))
        start, stop = int(inside[0]), int(inside[-1]) + 1
        margin = round(padding * (stop - start))
        box.append(slice(max(start - margin, 0), stop + margin))
    return tuple(box)
