"""What superpixels look like beside others: kernel densities over colour and texture, and the borders between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats, Members, Parents
from selector.segmentation.hierarchy import Hierarchy
from selector.selection.objects.look import Look, Numbers

# In CIELAB units: within it two superpixels look alike.
BANDWIDTH = 5.0
# A density is summed over this many regions instead of all superpixels, which a photo with 2,000 hardly notices.
REGIONS = 300
# So many superpixels' likenesses are computed at a time.
ROWS = 64
# What is less alike than e to this is not at all. Of numbers much smaller a processor makes ten times the work.
LEAST = -75.0
# Below this a density says nothing.
FAINT = 1e-4
# How sharply the cost of a border falls with its contrast: the typical one counts as this much squared.
SHARPNESS = 0.3


@dataclass(frozen=True, eq=False)
class Likeness:
    """How much the superpixels of a photo look like its regions.

    Attributes
    ----------
    alike : float32 ndarray, shape (n, r)
        From 0 to 1.
    regions : intp ndarray, shape (n,)
        The region of each superpixel.
    """

    alike: Floats
    regions: npt.NDArray[np.intp]

    def densities(self, weights: Numbers) -> Numbers:
        """How much each superpixel looks like some weighted ones.

        Parameters
        ----------
        weights : float64 ndarray, shape (n,)
            0 or more.

        Returns
        -------
        float64 ndarray, shape (n,)
            From 0 to 1.
        """
        summed = np.bincount(self.regions, weights, self.alike.shape[1]) / max(float(weights.sum()), 1e-9)
        densities: Numbers = (self.alike @ summed.astype(np.float32)).astype(np.float64)
        return densities

    def wider(self) -> Likeness:
        """The same with twice the bandwidth: less alike is alike enough.

        Returns
        -------
        Likeness
        """
        wider = np.sqrt(self.alike)
        return Likeness(np.sqrt(wider, out=wider), self.regions)

    def unlike(self, inside: Numbers, outside: Numbers, clip: float) -> Numbers:
        """How much more each superpixel looks like those outside than like those inside.

        Parameters
        ----------
        inside, outside : float64 ndarray, shape (n,)
            How much each counts as an example.
        clip : float
            No look says more than this.

        Returns
        -------
        float64 ndarray, shape (n,)
            The logarithm of the ratio, from -clip to clip.
        """
        ratio = np.log((self.densities(outside) + FAINT) / (self.densities(inside) + FAINT))
        clipped: Numbers = np.clip(ratio, -clip, clip)
        return clipped


def likeness_of(look: Look, parents: Parents) -> Likeness:
    """How much superpixels look like the regions of a photo, by kernels over mean colour and its deviation.

    Parameters
    ----------
    look : Look
    parents : uint16 ndarray, shape (2n - 1,)

    Returns
    -------
    Likeness
    """
    regions = Hierarchy(parents).cut(REGIONS).astype(np.intp)
    looks = np.column_stack([look.colours, look.deviations]) / BANDWIDTH
    means = _means(looks, regions, look.areas)
    alike = np.empty((len(looks), len(means)), np.float32)
    # A few rows at a time: what is computed on the way stays in the cache, and takes no new memory.
    for start in range(0, len(looks), ROWS):
        rows = slice(start, start + ROWS)
        exponents = -0.5 * _squared_distances(looks[rows], means)
        exponents[exponents < LEAST] = -np.inf
        np.exp(exponents, out=alike[rows])
    return Likeness(alike, regions)


def region_means(values: Numbers, parents: Parents, level: int, areas: Numbers) -> Numbers:
    """For each superpixel the mean of values over its region at a level.

    Parameters
    ----------
    values : float64 ndarray, shape (n,) or (n, k)
    parents : uint16 ndarray, shape (2n - 1,)
    level : int
    areas : float64 ndarray, shape (n,)

    Returns
    -------
    float64 ndarray, as `values`
    """
    regions = Hierarchy(parents).cut(level).astype(np.intp)
    means: Numbers = _means(values.reshape(len(areas), -1), regions, areas)[regions].reshape(values.shape)
    return means


def border_weights(look: Look) -> Numbers:
    """What it costs to part neighbours: the longer their border and the less contrast it has, the more.

    Parameters
    ----------
    look : Look

    Returns
    -------
    float64 ndarray, shape (m,)
        1 for a border as long as a superpixel is wide that shows no contrast.
    """
    typical = float((look.contrasts**2 * look.borders).sum() / max(float(look.borders.sum()), 1.0))
    width = np.sqrt(look.areas.mean())
    weights: Numbers = look.borders / width * np.exp(-(look.contrasts**2) / (2 * SHARPNESS * max(typical, 1.0)))
    return weights


def counted_areas(look: Look, members: Members | Numbers) -> Numbers:
    """The areas of superpixels, each as far as it counts.

    Parameters
    ----------
    look : Look
    members : bool or float64 ndarray, shape (n,)

    Returns
    -------
    float64 ndarray, shape (n,)
    """
    return np.asarray(look.areas * members, np.float64)


def _means(values: Numbers, regions: npt.NDArray[np.intp], areas: Numbers) -> Numbers:
    """Means of values (n, k) over regions, (r, k)."""
    total = np.bincount(regions, areas)
    return np.stack([np.bincount(regions, areas * plane) for plane in values.T], axis=1) / total[:, None]


def _squared_distances(ones: Numbers, others: Numbers) -> Floats:
    """Squared distances of rows, float32 (n, r)."""
    a, b = ones.astype(np.float32), others.astype(np.float32)
    distances: Floats = np.maximum((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T), 0)
    return distances
