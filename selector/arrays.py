"""Names for the arrays that many functions take and give."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Rgb: TypeAlias = npt.NDArray[np.uint8]
"""An sRGB image, (H, W, 3)."""

Labels: TypeAlias = npt.NDArray[np.uint16]
"""A label image (H, W), the superpixel of every pixel; or a cut (n,), the region of every superpixel."""

Members: TypeAlias = npt.NDArray[np.bool_]
"""Some of n superpixels, (n,)."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""Some of the pixels of an image, (H, W)."""

Floats: TypeAlias = npt.NDArray[np.float32]
"""Features, vectors or scores."""
