"""What a photo looks like, superpixel by superpixel: all that finding an object in it needs, computed once a photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Members, Rgb
from selector.segmentation.lab import Planes, check_rgb, given_planes
from selector.selection.objects.graph import Graph

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Look:
    """What the n superpixels of a photo look like, and the m pairs of them that touch.

    Attributes
    ----------
    areas : float64 ndarray, shape (n,)
        In pixels.
    centres : float64 ndarray, shape (n, 2)
        Mean x and y of the pixels' centres.
    colours : float64 ndarray, shape (n, 3)
        Mean L, a and b.
    deviations : float64 ndarray, shape (n,)
        Standard deviation of L.
    frame : bool ndarray, shape (n,)
        Which have pixels at the edge of the photo.
    pairs : intp ndarray, shape (m, 2)
        Superpixels that touch, the smaller number first, in order.
    borders : float64 ndarray, shape (m,)
        Along how many pixels they touch.
    contrasts : float64 ndarray, shape (m,)
        Mean distance in CIELAB of the pixels on both sides of the border.
    width, height : int
        Of the photo.
    """

    areas: Numbers
    centres: Numbers
    colours: Numbers
    deviations: Numbers
    frame: Members
    pairs: npt.NDArray[np.intp]
    borders: Numbers
    contrasts: Numbers
    width: int
    height: int

    @property
    def n_superpixels(self) -> int:
        """How many superpixels there are, n."""
        return len(self.areas)

    @cached_property
    def graph(self) -> Graph:
        """The pairs that touch, as a graph."""
        return Graph.of(self.n_superpixels, self.pairs)


@dataclass(frozen=True, eq=False)
class Borders:
    """Where superpixels touch.

    Attributes
    ----------
    pairs : intp ndarray, shape (m, 2)
        Superpixels that touch, the smaller number first, in order.
    lengths : float64 ndarray, shape (m,)
        Along how many pixels they touch.
    contrasts : float64 ndarray, shape (m,)
        Mean distance in CIELAB of the pixels on both sides of the border.
    """

    pairs: npt.NDArray[np.intp]
    lengths: Numbers
    contrasts: Numbers


def look_at(labels: Labels, rgb: Rgb, *, lab: Planes | None = None) -> Look:
    """What a photo looks like, superpixel by superpixel.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        Superpixels 0..n-1 without gaps.
    rgb : uint8 ndarray, shape (H, W, 3)
    lab : float32 ndarray, shape (3, H, W), optional
        What `lab_planes` gives for `rgb`, where the caller has it already.

    Returns
    -------
    Look

    Raises
    ------
    ValueError
        If the arrays are not like that, or differ in size.
    """
    from selector.selection.objects import look_kernels as kernels

    check_rgb(rgb)
    if labels.dtype != np.uint16 or labels.shape != rgb.shape[:2]:
        raise ValueError(f"An image of shape {rgb.shape} does not fit labels of shape {labels.shape}.")
    planes, labels = given_planes(rgb, lab), np.ascontiguousarray(labels)
    sums = np.zeros((int(labels.max()) + 1, 7))
    kernels.sum_looks(planes, labels, sums)
    areas = sums[:, 0].copy()
    if not areas.all():
        raise ValueError("Superpixels must be numbered without gaps.")
    means = sums / areas[:, None]
    deviations = np.sqrt(np.maximum(means[:, 6] - means[:, 3] ** 2, 0))
    frame = np.zeros(len(areas), bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        frame[edge] = True
    borders, (height, width) = borders_between(labels, planes), labels.shape
    return Look(
        areas,
        means[:, 1:3],
        means[:, 3:6],
        deviations,
        frame,
        borders.pairs,
        borders.lengths,
        borders.contrasts,
        width=width,
        height=height,
    )


def borders_between(labels: Labels, planes: Planes) -> Borders:
    """The borders between superpixels.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
        In rows.
    planes : float32 ndarray, shape (3, H, W)
        From `lab_planes`.

    Returns
    -------
    Borders
    """
    from selector.selection.objects import look_kernels as kernels

    # Of connected superpixels fewer than three pairs each touch; others may need more.
    taken, slots = -1, 1 << (8 * (int(labels.max()) + 2)).bit_length()
    while taken < 0:
        keys, sums = np.full(slots, -1, np.int64), np.zeros((slots, 2))
        taken = kernels.sum_borders(planes, labels, keys, sums)
        slots *= 2
    slot = np.flatnonzero(keys >= 0)
    slot = slot[np.argsort(keys[slot])]
    pairs = np.stack([keys[slot] >> 16, keys[slot] & 0xFFFF], axis=1).astype(np.intp)
    return Borders(pairs, sums[slot, 0], sums[slot, 1] / sums[slot, 0])
