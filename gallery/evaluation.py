"""Figures of retrieval: average precision, precision at k, and how sure one may be of their means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def average_precision(relevant: npt.ArrayLike) -> float:
    """Return the average precision of a whole ranking.

    Parameters
    ----------
    relevant : bool (k,)
        Whether each hit is relevant, best hit first. All relevant images must be among them.

    Returns
    -------
    float
        The mean of the precision at each relevant hit, 0..1; nan if none is relevant.

    Examples
    --------
    >>> average_precision([True, False, True])
    0.8333333333333333
    """
    ranks = np.flatnonzero(np.asarray(relevant, bool)) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else float("nan")


def precision_at(relevant: npt.ArrayLike, k: int) -> float:
    """Return the share of the first `k` hits that are relevant; missing hits count as wrong."""
    if k < 1:
        raise ValueError("k must be at least 1")
    return float(np.count_nonzero(np.asarray(relevant, bool)[:k]) / k)


def bootstrap_interval(
    values: npt.ArrayLike, *, confidence: float = 0.95, repeats: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean (Efron 1979); the same at every call."""
    sample = np.asarray(values, np.float64)
    if sample.size == 0:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(0, sample.size, (repeats, sample.size))
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(sample[draws].mean(axis=1), [tail, 100 - tail])
    return float(low), float(high)
