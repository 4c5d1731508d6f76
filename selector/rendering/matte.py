"""The soft edge of a selection: an alpha matte a few pixels wide, by the guided filter."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Mask, Rgb

Alpha: TypeAlias = npt.NDArray[np.uint8]
"""How much of each pixel belongs to a selection, uint8 (H, W), 0 to 255."""

# Chosen by benchmarks/soft_edge.py: how far from the edge a pixel may be partly in, in pixels; how different colours
# must be to count as an edge (the variance of sRGB from 0 to 1); and how steep the matte is, since an average over
# windows is too soft.
RADIUS = 4
EPSILON = 0.03
STEEPNESS = 2.5


def alpha_matte(
    rgb: Rgb, mask: Mask, *, radius: int = RADIUS, epsilon: float = EPSILON, steepness: float = STEEPNESS
) -> Alpha:
    """A mask with a soft edge that follows the colours of the photo.

    Farther from the edge of the mask than the radius, nothing changes.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    mask : bool ndarray, shape (H, W)
    radius : int, optional
        In pixels.
    epsilon : float, optional
        Variance of colours that counts as flat.
    steepness : float, optional
        By which the matte is stretched around one half; 1 leaves it as the filter gives it.

    Returns
    -------
    uint8 ndarray, shape (H, W)
        255 inside, 0 outside.

    Raises
    ------
    ValueError
        If the photo and the mask differ in size.

    References
    ----------
    K. He, J. Sun, X. Tang: "Guided Image Filtering", IEEE Transactions on Pattern Analysis and Machine Intelligence 35,
    2013.
    """
    from selector.rendering import matte_kernels as kernels

    if rgb.shape != (*mask.shape, 3):
        raise ValueError("The photo and the mask differ in size.")
    rgb, inside = np.ascontiguousarray(rgb), np.ascontiguousarray(mask).view(np.uint8)
    near = np.zeros(mask.shape, bool)
    kernels.mark_near(inside, radius, near)
    lines = np.zeros((*mask.shape, 4), np.float32)
    kernels.fit(rgb, inside, near, radius, epsilon, lines)
    alpha = inside * np.uint8(255)
    kernels.apply(rgb, lines, near, radius, steepness, alpha)
    return alpha
