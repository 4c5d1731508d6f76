"""What a photo looks like, superpixel by superpixel: all that finding an object in it needs, computed once a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Rgb
from selector.segmentation.lab import Planes, check_rgb, given_planes

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
    pairs: npt.NDArray[np.intp]
    borders: Numbers
    contrasts: Numbers
    width: int
    height: int

    @property
    def n_superpixels(self) -> int:
        """How many superpixels there are, n."""
        return len(self.areas)


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
    check_rgb(rgb)
    if labels.shape != rgb.shape[:2]:
        raise ValueError(f"An image of shape {rgb.shape} does not fit labels of shape {labels.shape}.")
    planes = given_planes(rgb, lab)
    n = int(labels.max()) + 1
    flat = labels.ravel()
    areas = np.bincount(flat, minlength=n).astype(np.float64)
    if not areas.all():
        raise ValueError("Superpixels must be numbered without gaps.")
    means = np.stack([np.bincount(flat, plane.ravel(), n) for plane in planes], axis=1) / areas[:, None]
    squares = np.bincount(flat, planes[0].ravel() ** 2, n) / areas
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]] + 0.5
    centres = np.stack([np.bincount(flat, each.ravel(), n) for each in (x, y)], axis=1) / areas[:, None]
    pairs, borders, contrasts = _borders(labels, planes)
    deviations = np.sqrt(np.maximum(squares - means[:, 0] ** 2, 0))
    return Look(areas, centres, means, deviations, pairs, borders, contrasts, labels.shape[1], labels.shape[0])


def _borders(labels: Labels, planes: Planes) -> tuple[npt.NDArray[np.intp], Numbers, Numbers]:
    """The superpixels that touch (m, 2), along how many pixels (m,), and the mean distance in colour across (m,)."""
    n = int(labels.max()) + 1
    codes, distances = [], []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1, :], np.s_[1:, :])):
        one, other = labels[a].astype(np.intp), labels[b].astype(np.intp)
        border = one != other
        codes.append((np.minimum(one, other) * n + np.maximum(one, other))[border])
        distances.append(
            np.sqrt(((planes[(slice(None), *a)][:, border] - planes[(slice(None), *b)][:, border]) ** 2).sum(axis=0))
            if border.any()
            else np.empty(0)
        )
    code, which = np.unique(np.concatenate(codes), return_inverse=True)
    lengths = np.bincount(which, minlength=len(code)).astype(np.float64)
    contrasts = np.bincount(which, np.concatenate(distances), len(code)) / lengths
    return np.stack([code // n, code % n], axis=1), lengths, contrasts
