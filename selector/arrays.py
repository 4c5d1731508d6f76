"""Names for the types of arrays that go from function to function."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Rgb: TypeAlias = npt.NDArray[np.uint8]
"""An sRGB image, uint8 (H, W, 3)."""

Labels: TypeAlias = npt.NDArray[np.uint16]
"""A label image, uint16 (H, W): the superpixel 0..n-1 of every pixel."""

Cut: TypeAlias = npt.NDArray[np.uint16]
"""One level of a merge tree, uint16 (n,): the region of every superpixel."""

Parents: TypeAlias = npt.NDArray[np.uint16]
"""A merge tree over n superpixels, uint16 (2n - 1,): the parent of every node, as `segmentation.hierarchy` has it."""

Members: TypeAlias = npt.NDArray[np.bool_]
"""Some of n superpixels, bool (n,)."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""Some of the pixels of an image, bool (H, W)."""

Floats: TypeAlias = npt.NDArray[np.float32]
"""Features, vectors or scores."""
