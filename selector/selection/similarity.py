"""Similar: the regions that look like the one that is pointed at."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Members
from selector.segmentation.superpixels import neighbours, superpixel_areas

Colours: TypeAlias = npt.NDArray[np.floating[Any]]
"""The mean colour of each superpixel in CIELAB, float (n, 3)."""

# How far apart two colours may be in CIELAB and still look alike; 2.3 is just noticeable, 100 is black to white.
ALIKE = 14.0
# What is seen in front of something, a chain or a fence, is narrow: no wider than this share of the region's own width.
NARROW = 1 / 3


def regions_alike(
    labels: Labels, cut: Cut, clicked: int, chosen: Members, colours: Colours, *, everywhere: bool
) -> Members:
    """The regions that look like the clicked one, or like the selection around it.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
    clicked : int
        A region of the cut.
    chosen : bool ndarray, shape (n,)
        The superpixels selected. If the clicked region is among them, what looks like any of them is meant.
    colours : float ndarray, shape (n, 3)
    everywhere : bool
        False stops at what looks different, unless it is narrow.

    Returns
    -------
    bool ndarray, shape (r,)
        For each region of the cut.
    """
    areas = superpixel_areas(labels, cut.size)
    means, sizes = _region_means(colours, cut, areas)
    alike = _alike(means, means[clicked])
    if chosen[cut == clicked].all():
        for model in _models(means, sizes, np.unique(cut[chosen]), clicked):
            alike |= _alike(means, means[model])
    if everywhere:
        return alike
    narrow = ~alike & (_widths(labels, cut, sizes) < NARROW * np.sqrt(sizes[clicked]))
    return alike & _reached(neighbours(labels, cut), alike, narrow, clicked)


def _alike(means: npt.NDArray[np.float64], mean: npt.NDArray[np.float64]) -> Members:
    distances: npt.NDArray[np.float64] = np.linalg.norm(means - mean, axis=1)
    return distances < ALIKE


def _models(
    means: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], selected: npt.NDArray[np.intp], clicked: int
) -> list[int]:
    """Few of the selected regions, the clicked one first, such that each looks like one of them.

    Were all of them models, each would bring in others that look like it alone, and with every click the selection
    would drift on, from one shade to the next.
    """
    models: list[int] = [clicked]
    unlike = selected[~_alike(means[selected], means[clicked])]
    while unlike.size:
        models.append(int(unlike[sizes[unlike].argmax()]))
        unlike = unlike[~_alike(means[unlike], means[models[-1]])]
    return models


def _region_means(
    values: Colours, cut: Cut, areas: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The means of superpixels' values (n, k) over the pixels of each region, (r, k), and how many these are, (r,)."""
    n_regions = int(cut.max()) + 1
    sizes = np.bincount(cut, areas, n_regions).astype(np.float64, copy=False)
    sums = np.stack([np.bincount(cut, areas * plane, n_regions) for plane in values.T], axis=1)
    return sums / np.maximum(sizes, 1)[:, None], sizes


def _widths(labels: Labels, cut: Cut, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How wide each region is, if it is a band of some sort: twice its area by its outline, (r,)."""
    regions = np.pad(cut[labels].astype(np.intp), 1, constant_values=sizes.size)
    outline = np.zeros(sizes.size + 1)
    for one, other in ((regions[:, :-1], regions[:, 1:]), (regions[:-1], regions[1:])):
        border = one != other
        for side in (one[border], other[border]):
            outline += np.bincount(side, minlength=sizes.size + 1)
    return 2 * sizes / np.maximum(outline[:-1], 1)


def _reached(pairs: npt.NDArray[np.intp], alike: Members, narrow: Members, start: int) -> Members:
    """Which regions are reached from `start` by the adjacent `pairs`, through those alike and over a narrow one."""
    alike = alike.copy()
    alike[start] = True
    ways = np.concatenate([pairs, pairs[:, ::-1]])
    # From what is narrow only to what is alike: two narrow ones side by side are not narrow.
    ways = ways[(alike | narrow)[ways].all(axis=1) & alike[ways].any(axis=1)]
    reached = np.zeros_like(alike)
    reached[start] = True
    while not reached[further := ways[reached[ways[:, 0]], 1]].all():
        reached[further] = True
    return reached
