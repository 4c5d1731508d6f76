"""CIELAB of sRGB images, by tables."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from selector.arrays import Rgb

Planes = npt.NDArray[np.float32]


def check_rgb(rgb: Rgb) -> None:
    """Raise ValueError unless `rgb` is a uint8 array of shape (H, W, 3) with at least one pixel."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8:
        raise ValueError("rgb must be a NumPy array of uint8.")
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"rgb must have the shape (height, width, 3), not {rgb.shape}.")


def lab_planes(rgb: Rgb) -> Planes:
    """CIELAB (D65) of an sRGB image uint8 (H, W, 3), as planes L, a, b: float32 (3, H, W), within 0.25 of exact."""
    from selector.segmentation import slic_kernels as kernels

    lab = np.empty((3, *rgb.shape[:2]), np.float32)
    kernels.rgb_to_lab(np.ascontiguousarray(rgb), *_lab_tables(), lab)
    return lab


def given_planes(rgb: Rgb, lab: Planes | None) -> Planes:
    """`lab`, where it is given, else what `lab_planes` makes of `rgb`.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.
    lab : float32 ndarray, shape (3, H, W), or None
        What `lab_planes` has made of it before.

    Returns
    -------
    float32 ndarray, shape (3, H, W)

    Raises
    ------
    ValueError
        If the two differ in size.
    """
    if lab is None:
        return lab_planes(rgb)
    if lab.shape != (3, *rgb.shape[:2]):
        raise ValueError(f"lab of shape {lab.shape} does not fit rgb of shape {rgb.shape}.")
    return lab


@cache
def _lab_tables() -> tuple[Planes, Planes]:
    """sRGB's transfer curve (256,), times the last index of the second: CIELAB's cube root of 0..1."""
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    ratio = np.linspace(0, 1, 16_384)
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return (linear * (len(root) - 1)).astype(np.float32), root.astype(np.float32)
