"""Scores: Rocchio's query, calibration against a background, fusion over descriptor spaces, means over parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from selector.arrays import Floats

WEAK = 3.25
"""The score below which a match is called weak. Nearly all images that have nothing to do with a query score less, and
nearly all changed copies of a thing score more; chosen on the demo collection and on photographs of everyday scenes."""

SAME = 0.01
"""Added to each cosine distance. Smaller differences come from compressed files and half precision alone."""

EVIDENCE = 0.5
"""By how much the logarithm of the odds that an image is relevant grows with each unit of its score; measured over two
spaces."""

RANK_CONSTANT = 60
"""The larger, the less first places count beside the next ones, where rankings are joined by places alone."""

NARROW = 0.05
"""The least spread of a background, in logarithms of the distance. Few or equal regions would give a smaller one, and
huge scores."""


def rocchio(
    included: Floats,
    *,
    excluded: Floats | None = None,
    liked: Sequence[Floats] = (),
    disliked: Sequence[Floats] = (),
    toward: float = 0.75,
    away: float = 0.25,
) -> Floats:
    """Return a query vector, moved toward liked vectors and away from excluded and disliked ones (Rocchio's method).

    Parameters
    ----------
    included : float32 ndarray, shape (D,)
        Describes what was selected.
    excluded : float32 ndarray, shape (D,), optional
        Describes what was excluded in the photo itself.
    liked, disliked : sequence of float32 ndarray, shape (D,)
        Describe regions of earlier hits.
    toward, away : float
        Weight of the mean of the liked vectors, and of the mean of the excluded and disliked ones. That of `included`
        is 1.

    Returns
    -------
    float32 ndarray, shape (D,)
        A unit vector; zero if `included` is zero and there is nothing else.

    References
    ----------
    .. [1] J. J. Rocchio, "Relevance feedback in information retrieval", in G. Salton (ed.), The SMART Retrieval
           System, Prentice-Hall, 1971, pp. 313-323.
    .. [2] C. D. Manning, P. Raghavan, H. Schütze, Introduction to Information Retrieval, Cambridge University Press,
           2008, chapter 9.

    Examples
    --------
    >>> rocchio(np.array([1, 0], np.float32), excluded=np.array([0, 1], np.float32), away=0.75)
    array([ 0.8, -0.6], dtype=float32)
    """
    query = unit(included)
    unwanted = [*disliked, *([] if excluded is None else [excluded])]
    if len(liked):
        query = query + toward * np.mean(unit(np.stack(liked)), axis=0)
    if unwanted:
        query = query - away * np.mean(unit(np.stack(unwanted)), axis=0)
    return unit(query)


def calibrate(similarities: npt.ArrayLike, background: npt.ArrayLike) -> Floats:
    """Return scores that tell how far similarities stand out from a background of other regions.

    What is compared is `nearness`, the logarithm of the cosine distance. Cosines themselves crowd below 1: the thing
    that was selected would hardly stand out from things that are fairly like it.

    A score is the number of standard deviations above the middle of the background, as in a normal distribution. The
    middle is the median. The standard deviation follows from the upper quartile, because high scores matter. A few
    good matches in the background move neither of them, and many, as in a small collection, only a little.

    Parameters
    ----------
    similarities : floating ndarray, shape (k,)
        Cosines between a query and the regions found.
    background : floating ndarray, shape (b,)
        Cosines between the same query and a fixed random sample of the indexed regions.

    Returns
    -------
    float32 ndarray, shape (k,)
        All 0 without a background. nan stays nan.

    Examples
    --------
    >>> calibrate([0.5, 0.8], [0.4, 0.5, 0.6])
    array([0.       , 5.4843183], dtype=float32)
    """
    found, sample = nearness(similarities), nearness(background)
    if sample.size == 0:
        return np.zeros(found.shape, np.float32)
    middle, upper = np.quantile(sample, (0.5, 0.75))
    # A quarter of a normal distribution is more than 0.6745 standard deviations above its middle.
    scores: npt.NDArray[np.float64] = (found - middle) / max((upper - middle) / 0.6745, NARROW)
    return scores.astype(np.float32)


def nearness(similarities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return minus the logarithm of the cosine distance, to which `SAME` is added.

    Parameters
    ----------
    similarities : floating ndarray, any shape
        Cosines, -1 to 1.

    Returns
    -------
    float64 ndarray, same shape
        From -0.7, for opposite vectors, to 4.6, for equal ones.

    Examples
    --------
    >>> nearness([-1, 0, 1]).round(1)
    array([-0.7, -0. ,  4.6])
    """
    distances = np.maximum(1 - np.asarray(similarities, np.float64), 0)
    minus_log: npt.NDArray[np.float64] = -np.log(distances + SAME)
    return minus_log


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return one score for each region from its scores in several spaces (late fusion).

    A score stands for the odds that a region is relevant: `exp(EVIDENCE * score)`, up to a constant. These odds are
    averaged by the weights. So a region that stands out in one space is ahead of one that is fair in all.

    Parameters
    ----------
    scores : mapping of space to float32 ndarray, shape (k,)
        From `calibrate`. nan where a region is not described in a space, which then does not count for it.
    weights : mapping of space to float
        At least 0; a missing one is 0. Weights of spaces without scores do not count.

    Returns
    -------
    float32 ndarray, shape (k,)
        In the same unit: equal scores in all spaces stay what they are. 0, the middle of the background, where a
        region is described in no space with a weight.

    Raises
    ------
    ValueError
        If no space has a weight.

    Examples
    --------
    >>> fuse(
    ...     {"appearance": np.array([1, 5, 2], np.float32), "meaning": np.array([1, 5, np.nan], np.float32)},
    ...     {"appearance": 0.2, "meaning": 0.8},
    ... )
    array([1., 5., 2.], dtype=float32)
    """
    used = {space: weights.get(space, 0.0) for space in scores if weights.get(space, 0.0) > 0}
    if not used:
        raise ValueError("none of the spaces has a weight")
    known = np.stack([scores[space].astype(np.float64) for space in used])
    shares = np.array(list(used.values()))[:, None] * ~np.isnan(known)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(shares > 0, EVIDENCE * known + np.log(shares), -np.inf)
        fused = (np.logaddexp.reduce(odds, axis=0) - np.log(shares.sum(axis=0))) / EVIDENCE
    filled: Floats = np.nan_to_num(fused, nan=0.0).astype(np.float32)
    return filled


def mean_over_parts(scores: Sequence[Floats]) -> Floats:
    """Return the mean of several scores of the same images or regions.

    Measured on pairs of objects, the mean over the parts finds images with both of them better than the minimum does.

    Parameters
    ----------
    scores : sequence of float32 ndarray, shape (k,)
        One array for each part, or for each query vector in one space.

    Returns
    -------
    float32 ndarray, shape (k,)
        nan where one of the scores is nan.

    Examples
    --------
    >>> mean_over_parts([np.array([4, 0], np.float32), np.array([2, 5], np.float32)])
    array([3. , 2.5], dtype=float32)
    """
    mean: Floats = np.mean(np.stack(scores), axis=0, dtype=np.float32)
    return mean


def reciprocal_ranks(rankings: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Return one ranking of several whose scores cannot be compared (reciprocal rank fusion).

    Parameters
    ----------
    rankings : sequence of int64 ndarray, shape (k,)
        Keys, best first, each once.

    Returns
    -------
    int64 ndarray, shape (n,)
        All keys of any of them, best first; of equally good ones the one that comes first in an earlier ranking.

    References
    ----------
    G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
    learning methods", SIGIR 2009.

    Examples
    --------
    >>> reciprocal_ranks([np.array([4, 7]), np.array([7, 9])])
    array([7, 4, 9])
    """
    joined: dict[int, float] = {}
    for ranking in rankings:
        for place, key in enumerate(ranking.tolist()):
            joined[key] = joined.get(key, 0.0) + 1 / (RANK_CONSTANT + place)
    return np.array(sorted(joined, key=lambda key: -joined[key]), np.int64)


def weak_line(scores: Floats, threshold: float = WEAK) -> int:
    """Return how many scores are not below a threshold: where the line above the weak matches is drawn.

    Parameters
    ----------
    scores : float32 ndarray, shape (k,)
        Sorted, best first.
    threshold : float
        The lowest score that is not weak.

    Returns
    -------
    int
        0 to k.

    Examples
    --------
    >>> weak_line(np.array([6.1, 3.25, 1.0], np.float32))
    2
    """
    return int(np.searchsorted(-np.asarray(scores), -threshold, side="right"))


def best_regions(
    images: npt.NDArray[np.integer[Any]], scores: Floats
) -> tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.intp]]:
    """Return images in the order of their best regions.

    Parameters
    ----------
    images : integer ndarray, shape (k,)
        The image of each region.
    scores : float32 ndarray, shape (k,)
        The score of each region.

    Returns
    -------
    images : integer ndarray, shape (i,)
        Each image once, best first.
    rows : intp ndarray, shape (i,)
        The row of its best region. Of equal scores the first counts, here and in the order of images.

    Examples
    --------
    >>> best_regions(np.array([7, 8, 7]), np.array([0.1, 0.2, 0.3], np.float32))
    (array([7, 8]), array([2, 1]))
    """
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(images[order], return_index=True)
    rows = order[np.sort(first)]
    return images[rows], rows
