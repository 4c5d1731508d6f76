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

VERSION = 1
"""To be raised when this module or `hierarchy` makes something else of the same image.

Stored label maps name the version they were made by and stay what they are: selections refer to superpixels and nodes
by their numbers.
"""

MAX_SUPERPIXELS = 32_767  # a merge tree over n of them has 2n - 1 nodes, numbered in uint16

COMPACTNESS = 7.0  # what one cell's width of distance in the image weighs in CIELAB units
MAX_COMPACTNESS = 1000.0
MAX_SIGMA = 20.0
ITERATIONS = 6
SMALLEST_STEP = 4.0  # pixels a cell is wide, at least, where the iterations run
SMALLEST_PIECE = 0.25  # of the mean size of a cell; pieces below are joined to a neighbour


def segment(
    rgb: Rgb,
    n_superpixels: int = 2000,
    *,
    engine: str = "slic",
    lab: Planes | None = None,
    compactness: float | None = None,
    sigma: float | None = None,
) -> Labels:
    """Cut an image into about `n_superpixels` connected cells that keep to its edges.

    The result depends on the arguments alone: it is the same in every run, process and thread.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image of at least one pixel.
    n_superpixels : int, optional
        How many cells to aim at, from 1. There are never more than pixels, nor more than 32,767.
    engine : {"slic", "skimage"}, optional
        This module's own SLIC, or that of scikit-image for comparison.
    lab : float32 ndarray, shape (3, H, W), optional
        What `lab_planes` gives for `rgb`, where the caller has it already.
    compactness : float, optional
        What one cell's width of distance in the image weighs in CIELAB units: the more, the squarer the cells. By
        default 7, or 10 for scikit-image.
    sigma : float, optional
        Standard deviation in pixels of a Gaussian that blurs the image before. By default 0, or 1 for scikit-image.

    Returns
    -------
    uint16 ndarray, shape (H, W)
        Labels 0..n-1 without gaps, numbered in order of first pixels, each 4-connected.

    Raises
    ------
    ValueError
        If `rgb` is no such array, `n_superpixels` is no whole number from 1, there is no such engine, or `compactness`
        or `sigma` is out of range.

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
    if compactness is not None and not 0 < compactness <= MAX_COMPACTNESS:
        raise ValueError(f"compactness must be above 0, and at most {MAX_COMPACTNESS:g}.")
    if sigma is not None and not 0 <= sigma <= MAX_SIGMA:
        raise ValueError(f"sigma must be from 0 to {MAX_SIGMA:g}.")
    height, width = rgb.shape[:2]
    n_cells = min(wanted, height * width, MAX_SUPERPIXELS)
    return _ENGINES[engine](np.ascontiguousarray(rgb), given_planes(rgb, lab), n_cells, compactness, sigma)


def _slic(rgb: Rgb, lab: Planes, wanted: int, compactness: float | None, sigma: float | None) -> Labels:
    """Superpixels by this module's own SLIC."""
    weight = COMPACTNESS if compactness is None else compactness
    lab = _blurred(lab, sigma) if sigma else lab
    rows, columns = _grid(rgb.shape[0], rgb.shape[1], wanted)
    pyramid = [lab]
    while min(pyramid[-1].shape[1] / rows, pyramid[-1].shape[2] / columns) >= 2 * SMALLEST_STEP:
        pyramid.append(_halved(pyramid[-1], blurred=len(pyramid) == 1))
    labels, centres = _iterated(pyramid[-1], rows, columns, weight)
    for half, planes in zip(pyramid[:0:-1], pyramid[-2::-1], strict=True):
        labels = _refined(planes, half, labels, centres, weight)
    return _connected(lab, labels, rows * columns)


def _grid(height: int, width: int, wanted: int) -> tuple[int, int]:
    """Rows and columns of a grid of about `wanted` cells, each as square as can be."""
    rows = min(max(round(math.sqrt(wanted * height / width)), 1), height, wanted)
    return rows, min(max(round(wanted / rows), 1), width, MAX_SUPERPIXELS // rows)


def _halved(planes: Planes, *, blurred: bool) -> Planes:
    """Planes (3, H, W) at half their size, rounded up; blurred before, against noise, if so wanted."""
    from selector.segmentation import slic_kernels as kernels

    smooth = np.empty(planes.shape[1:], np.float32)
    half = np.empty((3, (planes.shape[1] + 1) // 2, (planes.shape[2] + 1) // 2), np.float32)
    for plane, half_plane in zip(planes, half, strict=True):
        if blurred:
            kernels.blur(plane, smooth)
        kernels.halve(smooth if blurred else plane, half_plane)
    return half


def _blurred(planes: Planes, sigma: float) -> Planes:
    """Planes (3, H, W) blurred by a Gaussian. Edges repeat."""
    from scipy.ndimage import gaussian_filter

    return np.stack([gaussian_filter(plane, sigma, mode="nearest") for plane in planes])


def _iterated(lab: Planes, rows: int, columns: int, compactness: float) -> tuple[npt.NDArray[np.int32], Planes]:
    """Labels (H, W) and centres (n, 5) of SLIC that starts from a grid of rows x columns cells."""
    from selector.segmentation import slic_kernels as kernels

    height, width = lab.shape[1:]
    cell_row = np.arange(height, dtype=np.int32) * rows // height
    cell_column = np.arange(width, dtype=np.int32) * columns // width
    labels = cell_row[:, None] * np.int32(columns) + cell_column
    distance = np.empty(labels.shape, np.float32)
    centres, sums = np.zeros((rows * columns, 5), np.float32), np.empty((rows * columns, 6))
    for _ in range(ITERATIONS):
        kernels.update(lab, labels, sums, centres)
        weight = _weight(labels, centres, compactness)
        kernels.assign(lab, centres, height / rows, width / columns, weight, distance, labels)
    return labels, centres


def _refined(
    lab: Planes, half: Planes, half_labels: npt.NDArray[np.int32], centres: Planes, compactness: float
) -> npt.NDArray[np.int32]:
    """Labels (H, W) made of those at half the size, by `lab` itself along borders; changes the centres to its scale."""
    from selector.segmentation import slic_kernels as kernels

    kernels.update(half, half_labels, np.empty((len(centres), 6)), centres)
    centres[:, 3:] = 2 * centres[:, 3:] + 0.5
    labels = np.empty(lab.shape[1:], np.int32)
    kernels.refine(lab, centres, _weight(labels, centres, compactness), half_labels, labels)
    return labels


def _weight(labels: npt.NDArray[np.int32], centres: Planes, compactness: float) -> float:
    """The weight of a squared pixel of distance beside squared CIELAB units."""
    return compactness**2 * len(centres) / labels.size


def _connected(lab: Planes, labels: npt.NDArray[np.int32], n_cells: int) -> Labels:
    """The 4-connected pieces of `labels` (H, W), small ones joined to a neighbour, numbered by first pixels."""
    from selector.segmentation import connectivity_kernels as kernels

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


def _skimage(rgb: Rgb, lab: Planes, wanted: int, compactness: float | None, sigma: float | None) -> Labels:
    """Superpixels by scikit-image's SLIC, made connected in the same way."""
    from skimage.segmentation import slic

    labels = slic(
        rgb,
        n_segments=wanted,
        compactness=10 if compactness is None else compactness,
        sigma=1 if sigma is None else sigma,
        max_num_iter=5,
        start_label=0,
    )
    return _connected(lab, np.ascontiguousarray(labels, np.int32), wanted)


_Engine = Callable[[Rgb, Planes, int, float | None, float | None], Labels]
_ENGINES: dict[str, _Engine] = {"slic": _slic, "skimage": _skimage}
