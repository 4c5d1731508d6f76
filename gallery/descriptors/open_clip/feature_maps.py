"""From a stored feature map to the vectors of regions; needs no model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import Members, membership, region_sums, unit
from selector.arrays import Floats, Labels, Rgb

PADDING = 0.15  # of the sides of a region's box, on each side


def superpixel_features(feature_map: npt.NDArray[np.floating], labels: Labels) -> Floats:
    """Spread a feature map over superpixels. Needs no model.

    Parameters
    ----------
    feature_map : floating (h, w, D)
        From `Tower.feature_map`; half precision is enough to store.
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.

    Returns
    -------
    float32 (n, D)
        The average of the bilinearly enlarged map over each superpixel, times the superpixel's share of the image.
        So they are additive: a region's are the sum of its superpixels', and the whole image's their total.
    """
    from gallery.descriptors import kernels

    rows, columns, depth = feature_map.shape
    shares = kernels.cell_shares(np.ascontiguousarray(labels), int(labels.max()) + 1, rows, columns)
    return kernels.mix(shares, np.ascontiguousarray(feature_map, np.float32).reshape(-1, depth))


def region_vectors(features: Floats, members: Members) -> Floats:
    """Describe regions by the features of their superpixels. Needs no model.

    Parameters
    ----------
    features : float32 (n, D)
        From `superpixel_features`.
    members : bool (r, n), or a sequence of r integer arrays
        The superpixels of each region.

    Returns
    -------
    float32 (r, D)
        Unit vectors in the direction of the average over the region's area; zero for one without superpixels.
    """
    return unit(region_sums(features, members))


def padded_crops(rgb: Rgb, labels: Labels, members: Members, padding: float = PADDING) -> list[Rgb]:
    """Cut out the box of each region with some of what is around; the whole image for one without superpixels."""
    masks = membership(members, int(labels.max()) + 1)
    return [rgb[_padded_box(mask[labels], padding)] for mask in masks]


def _padded_box(mask: npt.NDArray[np.bool_], padding: float) -> tuple[slice, ...]:
    if not mask.any():
        return (slice(None),)
    box = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(axis=1 - axis))
        start, stop = int(inside[0]), int(inside[-1]) + 1
        margin = round(padding * (stop - start))
        box.append(slice(max(start - margin, 0), stop + margin))
    return tuple(box)
