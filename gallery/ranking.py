"""Queries, scores that mean the same for every query, and their sum over descriptor spaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def unit(vector: npt.NDArray[np.floating]) -> Floats:
    """Scale vectors along the last axis to length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.divide(vector, lengths, out=np.zeros_like(vector), where=lengths > 0).astype(np.float32)


def shift_query(
    included: Floats,
    *,
    excluded: Floats | None = None,
    liked: Sequence[Floats] = (),
    disliked: Sequence[Floats] = (),
    toward: float = 0.75,
    away: float = 0.25,
) -> Floats:
    """Move a query toward what is liked and away from what is excluded or disliked (Rocchio 1971)."""
    query = included.astype(np.float32)
    if len(liked):
        query = query + toward * np.mean(liked, axis=0)
    repelling = list(disliked) + ([excluded] if excluded is not None else [])
    if repelling:
        query = query - away * np.mean(repelling, axis=0)
    return unit(query)


def calibrate(similarities: npt.ArrayLike, background: npt.ArrayLike) -> Floats:
    """Express similarities as robust z-scores of a background.

    Parameters
    ----------
    similarities : floating (k,)
        Of the query to what was found.
    background : floating (b,)
        Of the same query to a fixed random sample of the indexed regions.

    Returns
    -------
    float32 (k,)
    """
    found, sample = np.asarray(similarities, np.float64), np.asarray(background, np.float64)
    if sample.size == 0:
        return np.zeros(found.shape, np.float32)
    middle = np.median(sample)
    spread = 1.4826 * np.median(np.abs(sample - middle))
    return ((found - middle) / max(spread, 1e-6)).astype(np.float32)


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Add calibrated scores of the same hits over the spaces, by weights that are scaled to sum to 1."""
    total = sum(weights.get(space, 0.0) for space in scores)
    if not scores or total <= 0:
        raise ValueError("no space has a weight")
    return np.sum([scores[s] * (weights.get(s, 0.0) / total) for s in scores], axis=0, dtype=np.float32)


def weak_line(scores: Floats, threshold: float = 2.5) -> int:
    """Return how many of the scores, best first, stand out from the background."""
    return int(np.searchsorted(-np.asarray(scores), -threshold, side="right"))


def best_regions(
    images: npt.NDArray[np.integer], scores: Floats
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.intp]]:
    """Return each image once, best first, and the row of its best region.

    Examples
    --------
    >>> best_regions(np.array([7, 8, 7]), np.array([0.1, 0.2, 0.3], np.float32))
    (array([7, 8]), array([2, 1]))
    """
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(images[order], return_index=True)
    rows = order[np.sort(first)]
    return images[rows], rows
