"""Measures of superpixels and of the regions made of them: areas, boxes, mean colours, neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Members, Rgb
from selector.segmentation.lab import lab_planes


def superpixel_areas(labels: Labels, n: int) -> npt.NDArray[np.int64]:
    """The area of each superpixel, in pixels.

    Parameters
    ----------
    labels : uint16 ndarray, any shape
        Superpixels 0..n-1 of pixels.
    n : int
        How many superpixels there are.

    Returns
    -------
    int64 ndarray, shape (n,)
    """
    return np.bincount(labels.ravel(), minlength=n).astype(np.int64, copy=False)


def area_share(members: Members, areas: npt.NDArray[np.integer[Any]]) -> float:
    """The share of the image that some superpixels cover.

    Parameters
    ----------
    members : bool ndarray, shape (n,)
    areas : integer ndarray, shape (n,)
        From `superpixel_areas`.

    Returns
    -------
    float
        From 0 to 1.
    """
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


def mean_colours(rgb: Rgb, labels: Labels, n: int) -> npt.NDArray[np.float64]:
    """The mean colour of each superpixel in CIELAB.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.
    labels : uint16 ndarray, shape (H, W)
        Its superpixels 0..n-1 without gaps.
    n : int
        How many superpixels there are.

    Returns
    -------
    float64 ndarray, shape (n, 3)
        L, a and b, each within 0.25 of the exact value.

    Raises
    ------
    ValueError
        If image and labels differ in size.

    Examples
    --------
    >>> import numpy as np
    >>> rgb = np.array([[[0, 0, 0], [0, 0, 0], [255, 255, 255]]], np.uint8)
    >>> mean_colours(rgb, np.array([[0, 0, 1]], np.uint16), 2).round(1) + 0.0
    array([[  0.,   0.,   0.],
           [100.,   0.,   0.]])
    """
    from selector.segmentation import hierarchy_kernels as kernels

    if rgb.shape != (*labels.shape, 3):
        raise ValueError(f"An image of shape {rgb.shape} does not fit labels of shape {labels.shape}.")
    sums = np.zeros((n, 5))
    kernels.sum_superpixels(lab_planes(rgb), np.ascontiguousarray(labels), sums)
    means: npt.NDArray[np.float64] = sums[:, :3] / sums[:, 4:]
    return means


# A byte each.
MOST_FLAGS = 2**24


def neighbours(labels: Labels, cut: Cut) -> npt.NDArray[np.intp]:
    """The pairs of regions that share a border: that have pixels next to each other in a row or a column.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixel of every pixel.
    cut : uint16 ndarray, shape (n,)
        Region of every superpixel.

    Returns
    -------
    intp ndarray, shape (m, 2)
        Each pair once, the smaller region first, in order.

    Examples
    --------
    >>> import numpy as np
    >>> neighbours(np.array([[0, 1], [2, 2]], np.uint16), np.array([0, 1, 2], np.uint16)).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    pairs = []
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        border = a != b
        pairs.append(cut[np.stack([a[border], b[border]])])
    one, other = np.concatenate(pairs, axis=1).astype(np.intp)
    one, other = one[one != other], other[one != other]
    n_regions = int(cut.max()) + 1
    codes = _distinct(np.minimum(one, other) * n_regions + np.maximum(one, other), n_regions**2)
    return np.stack([codes // n_regions, codes % n_regions], axis=1)


def _distinct(numbers: npt.NDArray[np.intp], stop: int) -> npt.NDArray[np.intp]:
    """Each of some numbers 0..stop-1 once, in order."""
    if stop > MOST_FLAGS:
        return np.unique(numbers)
    # Quicker than sorting them, as long as there are few flags.
    flags = np.zeros(stop, bool)
    flags[numbers] = True
    return np.flatnonzero(flags)
