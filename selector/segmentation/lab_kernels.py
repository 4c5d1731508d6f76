"""The inner loop of `lab`."""

import numpy as np
from numba import float32, types
from numpy.typing import NDArray

from selector.segmentation.compiled import IMAGE, compiled

Floats = NDArray[np.float32]


@compiled(types.void(IMAGE, float32[::1], float32[::1], float32[:, :, ::1]))
def rgb_to_lab(rgb: NDArray[np.uint8], linear: Floats, root: Floats, lab: Floats) -> None:
    """Fill the planes of an image in CIELAB.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    linear : float32 ndarray, shape (256,)
        sRGB's transfer curve, times the last index of `root`.
    root : float32 ndarray, shape (k,)
        CIELAB's cube root of 0..1, at equal distances.
    lab : float32 ndarray, shape (3, H, W)
        Filled in.
    """
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            r, g, b = linear[rgb[y, x, 0]], linear[rgb[y, x, 1]], linear[rgb[y, x, 2]]
            # XYZ of sRGB's primaries over XYZ of its white (D65), rounded to the next entry of the table.
            fx = root[int(float32(0.433953) * r + float32(0.376219) * g + float32(0.189828) * b + float32(0.5))]
            fy = root[int(float32(0.212671) * r + float32(0.715160) * g + float32(0.072169) * b + float32(0.5))]
            fz = root[int(float32(0.017758) * r + float32(0.109477) * g + float32(0.872765) * b + float32(0.5))]
            lab[0, y, x] = float32(116) * fy - float32(16)
            lab[1, y, x] = float32(500) * (fx - fy)
            lab[2, y, x] = float32(200) * (fy - fz)
