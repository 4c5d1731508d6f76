"""Scores: Rocchio's query, calibration, fusion over descriptor spaces, means over parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from selector.arrays import Floats

WEAK = 3.25
"""Below it lie nearly all images that have nothing to do with a query, and above it nearly all disguises of a thing in
the demo collection; chosen on that collection and on photographs of everyday scenes."""

SAME = 0.01
"""Cosines this near to 1 are as near as it gets: compressed files and half precision tell no more."""

EVIDENCE = 0.5
"""How much the logarithm of the odds that an image is relevant grows with its score, measured over two spaces."""

NARROW = 0.05
"""The least spread of a background that is believed, in logarithms of the distance: one of few or equal regions says
little."""


def rocchio(
    included: Floats,
    *,
    excluded: Floats | None = None,
    liked: Sequence[Floats] = (),
    disliked: Sequence[Floats] = (),
    toward: float = 0.75,
    away: float = 0.25,
) -> Floats:
    """Move a query toward what is liked and away from what is excluded or disliked.

    (Rocchio, "Relevance feedback in information retrieval", 1971.)

    Parameters
    ----------
    included : float32 (D,)
        What was selected.
    excluded : float32 (D,), optional
        What was excluded in the photo itself.
    liked, disliked : sequence of float32 (D,)
        Regions of earlier hits.
    toward, away : float
        How much the mean of what is liked, and of what is not, weighs beside 1 of `included`.

    Returns
    -------
    float32 (D,)
        A unit vector; zero if nothing was selected.

    Examples
    --------
    >>> shift_query(np.array([1, 0], np.float32), excluded=np.array([0, 1], np.float32), away=0.75)
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
    """Say how far similarities stand out from those of just any region.

    What is compared is the logarithm of the cosine distance: how many times nearer than just any region. Cosines
    themselves crowd below 1, and the very thing that was selected would hardly stand out from what is fairly like it.

    Parameters
    ----------
    similarities : floating (k,)
        Cosines of a query and what it found.
    background : floating (b,)
        Cosines of the same query and a fixed random sample of the indexed regions.

    Returns
    -------
    float32 (k,)
        How many standard deviations of a normal background each is above its middle. The middle is the median, and the
        spread is read off the upper quartile, on the side where scores matter. Good matches in the sample do not move
        the two while they are few, and in a small collection, where they are many, hardly. All 0 without a background;
        nan stays nan.

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
    """Minus the logarithm of the cosine distance, which counts from `SAME`."""
    near: npt.NDArray[np.float64] = -np.log(np.maximum(1 - np.asarray(similarities, np.float64), 0) + SAME)
    return near


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Join the calibrated scores of the same regions in several spaces.

    A score stands for odds that an image is relevant, `exp(EVIDENCE * score)` up to a constant, and a weight is how
    likely the person means that space: the odds are averaged by the weights. An image that stands out in one space
    stays ahead of one that is fair in all.

    Parameters
    ----------
    scores : mapping of space to float32 (k,)
        From `calibrate`; nan where a region is not described in a space, which then says nothing of it.
    weights : mapping of space to float
        At least 0; those of spaces without scores do not count, a space without a weight has none.

    Returns
    -------
    float32 (k,)
        In the same unit: equal scores in all spaces stay what they are. 0, the score of just any region, where no
        space with a weight says anything.

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
    """Score images, float32 (k,), by how well each has all parts that were asked for: the mean over the parts.

    Measured on pairs of objects, it finds images with both better than the worse of the two scores does.
    """
    mean: Floats = np.mean(np.stack(scores), axis=0, dtype=np.float32)
    return mean


def weak_line(scores: Floats, threshold: float = WEAK) -> int:
    """Return how many of the scores, sorted best first, are not lost in the background.

    Examples
    --------
    >>> weak_line(np.array([6.1, 3.25, 1.0], np.float32))
    2
    """
    return int(np.searchsorted(-np.asarray(scores), -threshold, side="right"))


def best_regions(
    images: npt.NDArray[np.integer[Any]], scores: Floats
) -> tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.intp]]:
    """Rank images by their best region.

    Parameters
    ----------
    images : integer (k,)
        The image of each region.
    scores : float32 (k,)
        The score of each region.

    Returns
    -------
    images : integer (i,)
        Each image once, best first.
    rows : intp (i,)
        The row of its best region; of equal scores the first counts, here and in the order of images.

    Examples
    --------
    >>> best_regions(np.array([7, 8, 7]), np.array([0.1, 0.2, 0.3], np.float32))
    (array([7, 8]), array([2, 1]))
    """
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(images[order], return_index=True)
    rows = order[np.sort(first)]
    return images[rows], rows
