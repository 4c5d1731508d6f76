"""Superpixels: an image cut into about n compact cells that follow its edges."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

MAX_SUPERPIXELS = 32_767  # a merge tree over n superpixels numbers 2n - 1 nodes in uint16

BLUR_SIGMA = 1.0
COMPACTNESS = 10.0
ITERATIONS = 6


def segment(rgb: NDArray[np.uint8], n_superpixels: int = 2000, *, engine: str = "slic") -> NDArray[np.uint16]:
    """Cut `rgb` (H, W, 3) into about `n_superpixels`."""
    check_rgb(rgb)
    if isinstance(n_superpixels, bool) or not isinstance(n_superpixels, int | np.integer) or n_superpixels < 1:
        raise ValueError(f"n_superpixels must be a whole number from 1, not {n_superpixels!r}.")
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; there are {', '.join(ENGINES)}.")
    wanted = min(int(n_superpixels), rgb.shape[0] * rgb.shape[1], MAX_SUPERPIXELS)
    return ENGINES[engine](np.ascontiguousarray(rgb), wanted)


def check_rgb(rgb: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `rgb` is a uint8 array of shape (H, W, 3) with at least one pixel."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8:
        raise ValueError("rgb must be a numpy array of dtype uint8.")
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"rgb must have the shape (height, width, 3), not {rgb.shape}.")


def lab_planes(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB (D65) of an sRGB image, as planes: float32 (3, H, W)."""
    from selector import kernels

    lab = np.empty((3, *rgb.shape[:2]), np.float32)
    kernels.rgb_to_lab(rgb, *_lab_tables(), lab)
    return lab


@cache
def _lab_tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tables of sRGB's transfer curve (256 values) and of CIELAB's compressed cube root (4096)."""
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    t = np.arange(4096) / 4095
    cube_root = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return linear.astype(np.float32), cube_root.astype(np.float32)


def _slic(rgb: NDArray[np.uint8], wanted: int) -> NDArray[np.uint16]:
    from selector import kernels

    planes = lab_planes(rgb)
    _blur(planes)
    height, width = rgb.shape[:2]
    rows = min(max(round(math.sqrt(wanted * height / width)), 1), height, wanted)
    columns = min(max(round(wanted / rows), 1), width, MAX_SUPERPIXELS // rows)
    labels = _grid_labels(height, width, rows, columns)
    centres = _seed(height, width, rows, columns)
    kernels.update(planes, labels, np.empty((len(centres), 6)), centres)
    if min(height / rows, width / columns) >= 4:
        coarse = np.empty((3, height // 2, width // 2), np.float32)
        kernels.halve(planes, coarse)
        centres[:, 3:] = (centres[:, 3:] - 0.5) / 2
        coarse_labels = np.ascontiguousarray(labels[: height // 2 * 2 : 2, : width // 2 * 2 : 2])
        _iterate(coarse, centres, rows, columns, coarse_labels, ITERATIONS)
        centres[:, 3:] = centres[:, 3:] * 2 + 0.5
        _iterate(planes, centres, rows, columns, labels, 1)
    else:
        _iterate(planes, centres, rows, columns, labels, ITERATIONS)
    return _connected(planes, labels, len(centres))


def _blur(planes: NDArray[np.float32]) -> None:
    from selector import kernels

    offsets = np.arange(-3, 4)
    weights = np.exp(-0.5 * (offsets / BLUR_SIGMA) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    scratch = np.empty(planes.shape[1:], np.float32)
    for plane in planes:
        kernels.blur(plane, weights, scratch)


def _grid_labels(height: int, width: int, rows: int, columns: int) -> NDArray[np.int32]:
    """Label of the grid cell every pixel lies in."""
    row = np.arange(height, dtype=np.int32) * rows // height
    column = np.arange(width, dtype=np.int32) * columns // width
    return np.ascontiguousarray(row[:, None] * columns + column[None, :], dtype=np.int32)


def _seed(height: int, width: int, rows: int, columns: int) -> NDArray[np.float32]:
    return np.zeros((rows * columns, 5), np.float32)


def _iterate(
    planes: NDArray[np.float32],
    centres: NDArray[np.float32],
    rows: int,
    columns: int,
    labels: NDArray[np.int32],
    iterations: int,
) -> None:
    """Lloyd iterations of SLIC; the last one assigns without moving the centres."""
    from selector import kernels

    height, width = labels.shape
    step_y, step_x = height / rows, width / columns
    weight = COMPACTNESS**2 / (step_y * step_x)
    distance = np.empty(labels.shape, np.float32)
    sums = np.empty((len(centres), 6))
    for iteration in range(iterations):
        kernels.assign(planes, centres, step_y, step_x, weight, distance, labels)
        kernels.update(planes, labels, sums, centres)


def _connected(planes: NDArray[np.float32], labels: NDArray[np.int32], n: int) -> NDArray[np.uint16]:
    """4-connected labels 0..n-1 in order of their first pixels; pieces below a quarter of a cell are absorbed."""
    from selector import kernels

    height, width = labels.shape
    runs = kernels.count_runs(labels)
    start, component = np.empty(runs + 1, np.int32), np.empty(runs, np.int32)
    first_of_row = np.empty(height + 1, np.int32)
    count = kernels.connect(labels, start, first_of_row, component)
    minimum = max(labels.size // n // 4, 1)
    while True:
        sums = np.zeros((count, 4))
        kernels.sum_components(planes, start, component, sums)
        sizes = sums[:, 3]
        order = np.argsort(sizes, kind="stable").astype(np.int32)
        small = order[: int(np.count_nonzero(sizes < minimum))]
        runs_of = np.argsort(component, kind="stable").astype(np.int32)
        first_run_of = np.zeros(count + 1, np.int32)
        np.cumsum(np.bincount(component, minlength=count), out=first_run_of[1:])
        group = np.empty(count, np.int32)
        n_groups = kernels.absorb(start, first_of_row, component, runs_of, first_run_of, small, sums, minimum, group)
        if n_groups <= MAX_SUPERPIXELS:
            break
        minimum = -(-labels.size // MAX_SUPERPIXELS)
    out = np.empty(labels.shape, np.uint16)
    kernels.paint(start, component, group, out.reshape(-1))
    return out


def _skimage(rgb: NDArray[np.uint8], wanted: int) -> NDArray[np.uint16]:
    """scikit-image's own SLIC, brought to the same contract."""
    from skimage.segmentation import slic

    labels = slic(rgb, n_segments=wanted, compactness=COMPACTNESS, sigma=1, max_num_iter=5, start_label=0)
    return _connected(lab_planes(rgb), np.ascontiguousarray(labels, dtype=np.int32), wanted)


ENGINES = {"slic": _slic, "skimage": _skimage}
