"""Figures of retrieval: average precision, precision at k, and confidence intervals of their means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# A region that covers more of its image than this is drawn as (nearly) the whole of it.
WHOLE = 0.6


@dataclass(frozen=True)
class Drawn:
    """How the region that is drawn on a right hit lies beside the object.

    Attributes
    ----------
    iou : float
        Intersection over union with the object that it meets best, 0..1.
    is_centred : bool
        Whether the centre of the region's box lies on an object.
    is_whole : bool
        Whether the region covers more than `WHOLE` of the image.
    size : float
        The share of the image that the object covers, 0..1.
    """

    iou: float
    is_centred: bool
    is_whole: bool
    size: float


def drawn_beside(region: npt.NDArray[np.bool_], objects: Sequence[npt.NDArray[np.bool_]]) -> Drawn:
    """Compare a region with the objects that it should show.

    Parameters
    ----------
    region : bool (H, W)
        What is drawn; an empty one meets nothing.
    objects : sequence of bool (H, W)
        The outlined objects of the wanted kind, at least one.

    Returns
    -------
    Drawn

    Examples
    --------
    >>> row = np.array([[True, True, False, False]])
    >>> drawn_beside(row, [row[:, ::-1], np.array([[True, False, False, False]])])
    Drawn(iou=0.5, is_centred=True, is_whole=False, size=0.25)
    """
    meets = [int((region & one).sum()) / max(int((region | one).sum()), 1) for one in objects]
    best = int(np.argmax(meets))
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    is_centred = False
    if len(rows):
        middle = (int(rows[0]) + int(rows[-1])) // 2, (int(columns[0]) + int(columns[-1])) // 2
        is_centred = any(bool(one[middle]) for one in objects)
    return Drawn(float(meets[best]), is_centred, bool(region.mean() > WHOLE), float(objects[best].mean()))


def members_under(labels: npt.NDArray[np.uint16], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the superpixels that a mask covers by more than half, at least the one most covered.

    Parameters
    ----------
    labels : uint16 (H, W)
        Superpixel of each pixel, 0..n-1.
    mask : bool (H, W)
        True inside the object.

    Returns
    -------
    bool (n,)
        Whether each superpixel is covered.

    Raises
    ------
    ValueError
        If labels and mask differ in size.

    Examples
    --------
    >>> members_under(np.array([[0, 0, 1, 1, 1]], np.uint16), np.array([[True, True, True, False, False]]))
    array([ True, False])
    """
    if labels.shape != mask.shape:
        raise ValueError(f"a mask of shape {mask.shape} does not fit labels of shape {labels.shape}")
    covered = np.bincount(labels.ravel(), mask.ravel()) / np.maximum(np.bincount(labels.ravel()), 1)
    members: npt.NDArray[np.bool_] = covered > 0.5
    members[covered.argmax()] = True
    return members


def average_precision(relevant: npt.ArrayLike, n_relevant: int | None = None) -> float:
    """Return the average precision of a ranking.

    Parameters
    ----------
    relevant : bool (k,)
        Whether each hit is relevant, best hit first.
    n_relevant : int, optional
        How many relevant images there are, where some may be missing among the hits; those count as never found.

    Returns
    -------
    float
        The mean, over the relevant images, of the precision down to each: 0..1, nan if none is relevant.

    Examples
    --------
    >>> average_precision([True, False, True, False])
    0.8333333333333333
    >>> average_precision([True, False], n_relevant=2)
    0.5
    """
    ranks = np.flatnonzero(np.asarray(relevant, bool)) + 1
    there_are = len(ranks) if n_relevant is None else n_relevant
    return float(np.sum(np.arange(1, len(ranks) + 1) / ranks) / there_are) if there_are else float("nan")


def precision_at(relevant: npt.ArrayLike, k: int) -> float:
    """Return the share of the first k hits that are relevant; hits that are missing count as wrong.

    Parameters
    ----------
    relevant : bool (n,)
        Whether each hit is relevant, best hit first.
    k : int
        How many hits count, at least 1.

    Returns
    -------
    float
        0..1.

    Raises
    ------
    ValueError
        If k is below 1.

    Examples
    --------
    >>> precision_at([True, False], 4)
    0.25
    """
    if k < 1:
        raise ValueError("k must be at least 1")
    return float(np.count_nonzero(np.asarray(relevant, bool)[:k]) / k)


def bootstrap_interval(
    values: npt.ArrayLike, *, confidence: float = 0.95, repeats: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap confidence interval of a mean.

    Parameters
    ----------
    values : floating (k,)
        A figure of each query; nan is left out.
    confidence : float, optional
        Between 0 and 1.
    repeats : int, optional
        How many samples are drawn.
    seed : int, optional
        The same seed draws the same samples.

    Returns
    -------
    low, high : float
        The ends of the interval; both nan without values.

    References
    ----------
    .. [1] Efron, "Bootstrap methods: another look at the jackknife", The Annals of Statistics, 1979.
    """
    sample = np.asarray(values, np.float64)
    sample = sample[~np.isnan(sample)]
    if sample.size == 0:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(0, sample.size, (repeats, sample.size))
    tail = 50 * (1 - confidence)
    low, high = np.percentile(sample[drawn].mean(axis=1), [tail, 100 - tail])
    return float(low), float(high)


def bootstrap_ratio_interval(
    counts: npt.ArrayLike, totals: npt.ArrayLike, *, confidence: float = 0.95, repeats: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap confidence interval of a share, over groups that belong together.

    Parameters
    ----------
    counts, totals : number (k,)
        Of each query, how many of its hits count, and how many there are.
    confidence, repeats, seed
        As of `bootstrap_interval`.

    Returns
    -------
    low, high : float
        The ends of the interval; both nan without hits.
    """
    parts, wholes = np.asarray(counts, np.float64), np.asarray(totals, np.float64)
    if not wholes.sum():
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(0, len(parts), (repeats, len(parts)))
    sums = wholes[drawn].sum(axis=1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile((parts[drawn].sum(axis=1) / np.maximum(sums, 1))[sums > 0], [tail, 100 - tail])
    return float(low), float(high)
