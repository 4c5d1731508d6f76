"""Superpixels of a picture that the site does not keep."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from superpixel_search.records import Record


class Segments(Record):
    """A picture cut into superpixels. Fields: `segments`, `neighbours`, `merge_tree`, `width`, `height` and others."""

    def __init__(self, told: dict[str, Any]) -> None:
        png = base64.b64decode(told["labels"]["data"])
        super().__init__({name: value for name, value in told.items() if name != "labels"})
        self.labels: npt.NDArray[np.uint16] = np.asarray(Image.open(io.BytesIO(png))).astype(np.uint16)
        """The superpixel of each pixel: uint16 (H, W)."""

    @property
    def centroids(self) -> npt.NDArray[np.float64]:
        """x and y of the middle of each: float64 (n, 2)."""
        return np.array([segment["centroid"] for segment in self.segments])

    @property
    def areas(self) -> npt.NDArray[np.intp]:
        """Pixels of each: intp (n,)."""
        return np.array([segment["area"] for segment in self.segments])
