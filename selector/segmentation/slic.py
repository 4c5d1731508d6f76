"""Superpixels by SLIC: an image cut into about n compact cells that keep to its edges.

Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk, "SLIC superpixels compared to state-of-the-art superpixel methods", PAMI
2012. The iterations run on a blurred image reduced to where a cell is a few pixels wide, so that they cost the same
for every size; then the cells are carried up, and at each doubling only the pixels along borders are assigned again, at
last by the image itself, so that sharp edges stay sharp. What SLIC leaves in pieces is made connected.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Rgb
from selector.segmentation.lab import Planes, check_rgb, given_planes

MAX_SUPERPIXELS = 32_767  # a merge tree over n of them has 2n - 1 nodes, numbered in uint16

COMPACTNESS = 7.0  # what one cell's width of distance in the image weighs in CIELAB units
ITERATIONS = 6
SMALLEST_STEP = 4.0  # pixels a cell is wide, at least, where the iterations run
SMALLEST_PIECE = 0.25  # of the mean size of a cell; pieces below are joined to a neighbour


def segment(rgb: Rgb, n_superpixels: int = 2000, *, engine: str = "slic", lab: Planes | None = None) -> Labels:
    """Cut an image into about `n_superpixels` connected cells that keep to its edges.

    The result depends on the arguments alone: it is the same in every run, process and thread.

    Parameters
    ----------
    rgb : uint8, shape (H, W, 3)
        sRGB image of at least one pixel.
    n_superpixels : int, optional
        How many cells to aim at, from 1. There are never more than pixels, nor more than 32,767.
    engine : {"slic", "skimage"}, optional
        This module's own SLIC, or that of scikit-image for comparison.
    lab : float32 ndarray, shape (3, H, W), optional
        What `lab_planes` gives for `rgb`, where the caller has it already.

    Returns
    -------
    uint16, shape (H, W)
        Labels 0..n-1 without gaps, numbered in order of first pixels, each 4-connected.

    Raises
    ------
    ValueError
        If `rgb` is no such array, `n_superpixels` is no whole number from 1, or there is no such engine.

    Examples
    --------
    >>> import numpy as np
    >>> rgb = np.zeros((4, 6, 3), np.uint8)
    >>> rgb[:, 3:] = 255
    >>> segment(rgb, 2)
    array([[0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1]], dtype=uint16)
    """
    check_rgb(rgb)
    if engine not in _ENGINES:
        raise ValueError(f"There is no engine {engine!r}, only {' and '.join(_ENGINES)}.")
    try:
        wanted = operator.index(n_superpixels)
    except TypeError:
        raise ValueError("n_superpixels must be a whole number.") from None
    if wanted < 1:
        raise ValueError("n_superpixels must be at least 1.")
    height, width = rgb.shape[:2]
    n_cells = min(wanted, height * width, MAX_SUPERPIXELS)
    return _ENGINES[engine](np.ascontiguousarray(rgb), given_planes(rgb, lab), n_cells)


def _slic(rgb: Rgb, lab: Planes, wanted: int) -> Labels:
    """This module's engine."""
    rows, columns = _grid(rgb.shape[0], rgb.shape[1], wanted)
    pyramid = [lab]
    while min(pyramid[-1].shape[1] / rows, pyramid[-1].shape[2] / columns) >= 2 * SMALLEST_STEP:
        pyramid.append(_halved(pyramid[-1], blurred=len(pyramid) == 1))
    labels, centres = _iterated(pyramid[-1], rows, columns)
    for half, planes in zip(pyramid[:0:-1], pyramid[-2::-1], strict=True):
        labels = _refined(planes, half, labels, centres)
    return _connected(lab, labels, rows * columns)


def _grid(height: int, width: int, wanted: int) -> tuple[int, int]:
    """Rows and columns of a grid of about `wanted` cells, as square as they can be."""
    rows = min(max(round(math.sqrt(wanted * height / width)), 1), height, wanted)
    return rows, min(max(round(wanted / rows), 1), width, MAX_SUPERPIXELS // rows)


def _halved(planes: Planes, *, blurred: bool) -> Planes:
    """Planes (3, H, W) reduced to half their size, rounded up; `blurred` before, which takes noise away."""
    from selector.segmentation import slic_kernels as kernels

    smooth = np.empty(planes.shape[1:], np.float32)
    half = np.empty((3, (planes.shape[1] + 1) // 2, (planes.shape[2] + 1) // 2), np.float32)
    for plane, half_plane in zip(planes, half, strict=True):
        if blurred:
            kernels.blur(plane, smooth)
        kernels.halve(smooth if blurred else plane, half_plane)
    return half


def _iterated(lab: Planes, rows: int, columns: int) -> tuple[npt.NDArray[np.int32], Planes]:
    """Labels (H, W) and centres (n, 5) of SLIC started from a grid of rows x columns cells."""
    from selector.segmentation import slic_kernels as kernels

    height, width = lab.shape[1:]
    cell_row = np.arange(height, dtype=np.int32) * rows // height
    cell_column = np.arange(width, dtype=np.int32) * columns // width
    labels = cell_row[:, None] * np.int32(columns) + cell_column
    distance = np.empty(labels.shape, np.float32)
    centres, sums = np.zeros((rows * columns, 5), np.float32), np.empty((rows * columns, 6))
    for _ in range(ITERATIONS):
        kernels.update(lab, labels, sums, centres)
        kernels.assign(lab, centres, height / rows, width / columns, _weight(labels, centres), distance, labels)
    return labels, centres


def _refined(lab: Planes, half: Planes, half_labels: npt.NDArray[np.int32], centres: Planes) -> npt.NDArray[np.int32]:
    """Labels (H, W) that follow `lab` where those of half its size do so coarsely; moves and scales the centres."""
    from selector.segmentation import slic_kernels as kernels

    kernels.update(half, half_labels, np.empty((len(centres), 6)), centres)
    centres[:, 3:] = 2 * centres[:, 3:] + 0.5
    labels = np.empty(lab.shape[1:], np.int32)
    kernels.refine(lab, centres, _weight(labels, centres), half_labels, labels)
    return labels


def _weight(labels: npt.NDArray[np.int32], centres: Planes) -> float:
    """What a squared pixel of distance weighs beside squared CIELAB units."""
    return COMPACTNESS**2 * len(centres) / labels.size


def _connected(lab: Planes, labels: npt.NDArray[np.int32], n_cells: int) -> Labels:
    """The 4-connected pieces of `labels` (H, W), small ones joined to a neighbour, numbered by first pixels."""
    from selector.segmentation import slic_kernels as kernels

    height, width = labels.shape
    runs = kernels.count_runs(labels)
    starts, pieces = np.empty(runs + 1, np.int32), np.empty(runs, np.int32)
    first_of_row = np.empty(height + 1, np.int32)
    groups = np.empty(kernels.connect(labels, starts, first_of_row, pieces), np.int32)
    minimum = math.ceil(SMALLEST_PIECE * labels.size / n_cells)
    n_groups = MAX_SUPERPIXELS + 1
    while n_groups > MAX_SUPERPIXELS:
        sums = np.zeros((len(groups), 4))
        kernels.sum_pieces(lab, starts, pieces, sums)
        small = np.argsort(sums[:, 3], kind="stable")[: np.count_nonzero(sums[:, 3] < minimum)].astype(np.int32)
        n_groups = kernels.absorb(starts, first_of_row, pieces, small, sums, minimum, groups)
        # Groups of this many pixels cannot be too many.
        minimum = math.ceil(labels.size / MAX_SUPERPIXELS)
    connected = np.empty((height, width), np.uint16)
    kernels.paint(starts, pieces, groups, connected.reshape(-1))
    return connected


def _skimage(rgb: Rgb, lab: Planes, wanted: int) -> Labels:
    """scikit-image's SLIC, under the same contract."""
    from skimage.segmentation import slic

    labels = slic(rgb, n_segments=wanted, compactness=10, sigma=1, max_num_iter=5, start_label=0)
    return _connected(lab, np.ascontiguousarray(labels, np.int32), wanted)


_ENGINES: dict[str, Callable[[Rgb, Planes, int], Labels]] = {"slic": _slic, "skimage": _skimage}
