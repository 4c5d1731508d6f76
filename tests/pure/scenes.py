"""A picture that is the same on every machine, and the fingerprint of what segmentation makes of it."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from selector.segmentation import hierarchy, slic

Pixels = npt.NDArray[np.uint8]


def scene(height: int = 120, width: int = 180, seed: int = 0) -> Pixels:
    """Blocks, a gradient and noise, by whole numbers alone: the same on every machine."""
    y, x = np.mgrid[:height, :width]
    noise = (x * 7919 + y * 104_729 + seed * 611_953) % 1009 % 13
    red = (x // 23 + y // 17) % 3 * 80 + noise
    green = (x * 255 // max(width - 1, 1) + noise) // 2
    blue = np.where((x - width // 2) ** 2 + (y - height // 2) ** 2 < 900, 230, 40) + noise
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def digest(seed: int = 0) -> str:
    """Fingerprint of the superpixels and the merge tree of a scene."""
    rgb = scene(240, 320, seed)
    labels = slic.segment(rgb, 500)
    return hashlib.sha256(labels.tobytes() + hierarchy.build(rgb, labels).to_bytes()).hexdigest()
