"""Images with their superpixels, as descriptors take them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, cached_property

import numpy as np

from gallery.descriptors import appearance
from gallery.descriptors.cell_maps import SIDE
from selector.arrays import Floats, Labels, Rgb
from selector.models import LabelMap, Photo
from selector.services.label_maps import Segmentation, get_or_compute, load
from selector.services.photos import working_copy


class SegmentedImage(ABC):
    """The pixels of an image and their superpixels. Each is read or computed when it is first needed."""

    @property
    @abstractmethod
    def rgb(self) -> Rgb:
        """The image in sRGB: uint8 (H, W, 3)."""

    @property
    @abstractmethod
    def labels(self) -> Labels:
        """The superpixel of each pixel, 0..n-1: uint16 (H, W)."""

    @cached_property
    def histogram_counts(self) -> Floats:
        """Histograms of colour and texture of each superpixel: float32 (n, D), see `appearance.superpixel_features`.

        They are kept here because regions are chosen by them, too.
        """
        return appearance.superpixel_features(self.rgb, self.labels)

    @cached_property
    def cell_shares(self) -> Floats:
        """How much of each superpixel falls to each cell of the grid of `cell_maps`: float32 (n, SIDE * SIDE)."""
        from gallery.descriptors import kernels

        labels = np.ascontiguousarray(self.labels)
        return kernels.cell_shares(labels, int(labels.max()) + 1, SIDE, SIDE)


class SegmentedPhoto(SegmentedImage):
    """A stored photo with one of its label maps.

    Parameters
    ----------
    label_map : LabelMap
    pixels : callable, optional
        Gives the working copy where it has been decoded before; by default it is read from the storage.
    """

    def __init__(self, label_map: LabelMap, pixels: Callable[[], Rgb] | None = None) -> None:
        self.label_map = label_map
        self._pixels = pixels

    @classmethod
    def of(cls, photo: Photo) -> SegmentedPhoto:
        """A photo with its label map by today's settings, which is computed now if it is not there yet.

        The working copy is decoded once, for this and for the descriptors.
        """
        pixels = cache(lambda: working_copy(photo))
        return cls(get_or_compute(photo, pixels), pixels)

    @cached_property
    def rgb(self) -> Rgb:
        """The working copy: uint8 (H, W, 3)."""
        return self._pixels() if self._pixels else working_copy(self.label_map.photo)

    @property
    def labels(self) -> Labels:
        """The superpixel of each pixel: uint16 (H, W)."""
        return self.segmentation.labels

    @cached_property
    def segmentation(self) -> Segmentation:
        """Labels, merge tree and areas."""
        return load(self.label_map)


class WholeImage(SegmentedImage):
    """An image that is one superpixel."""

    def __init__(self, rgb: Rgb) -> None:
        self._rgb = rgb

    @property
    def rgb(self) -> Rgb:
        """The image in sRGB: uint8 (H, W, 3)."""
        return self._rgb

    @cached_property
    def labels(self) -> Labels:
        """Zeros: uint16 (H, W)."""
        return np.zeros(self._rgb.shape[:2], np.uint16)
