"""What a web process does when it starts, so that the first upload does not wait for it."""

from __future__ import annotations

import numpy as np

from selector.segmentation import hierarchy, slic
from selector.services import decoding


def prepare() -> None:
    """Start the server of the processes that read pictures, and load the kernels that segment them."""
    decoding.prepare()
    rgb = np.zeros((32, 32, 3), np.uint8)
    hierarchy.build(rgb, slic.segment(rgb, 16))
