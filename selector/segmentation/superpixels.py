"""Measures of superpixels and of the regions made of them: areas, boxes and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Members

# Measures and neighbours


def superpixel_areas(labels: Labels, n: int) -> npt.NDArray[np.int64]:
    """The number of pixels of each of `n` superpixels: int64 ``(n,)``."""
    return np.bincount(labels.ravel(), minlength=n).astype(np.int64, copy=False)


def area_share(members: Members, areas: npt.NDArray[np.integer[Any]]) -> float:
    """The share of the image that `members` cover, 0 to 1, from the `superpixel_areas`."""
    return float(areas[members].sum() / areas.sum())


def superpixel_boxes(labels: Labels) -> npt.NDArray[np.int64]:
    """The smallest box around each superpixel.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixel 0..n-1 of every pixel.

    Returns
    -------
    int64 ndarray, shape (n, 4)
        Left, top, right, bottom in pixels, ends excluded. The box of a region is that around its superpixels' boxes.

    Examples
    --------
    >>> superpixel_boxes(np.array([[0, 0, 1], [0, 1, 1]], np.uint16))
    array([[0, 0, 2, 2],
           [1, 0, 3, 2]])
    """
    from selector.segmentation import superpixel_kernels as kernels

    height, width = labels.shape
    boxes = np.empty((int(labels.max()) + 1, 4), np.int64)
    boxes[:] = width, height, 0, 0
    kernels.grow_boxes(np.ascontiguousarray(labels), boxes)
    return boxes


def neighbours(labels: Labels, cut: Labels) -> npt.NDArray[np.intp]:
    """The pairs of regions that share a border: intp ``(m, 2)``, each pair once, smaller id first, sorted.

    Regions touch where pixels of both are neighbours in a row or a column, not only at a corner.

    Examples
    --------
    >>> neighbours(np.array([[0, 1], [2, 2]], np.uint16), np.array([0, 1, 2], np.uint16)).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    pairs = []
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        border = a != b
        pairs.append(cut[np.stack([a[border], b[border]])])
    low, high = np.sort(np.concatenate(pairs, axis=1).astype(np.intp), axis=0)
    n_regions = int(cut.max()) + 1
    codes = np.unique(low[low != high] * n_regions + high[low != high])
    return np.stack([codes // n_regions, codes % n_regions], axis=1)
