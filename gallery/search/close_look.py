"""The cells of the first images beside those of the selection: which images stand out by showing the thing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gallery.index.cells import stored_cells
from gallery.index.kinds import default_weights
from gallery.search.nearest import Integers, QueryVector
from selector.arrays import Floats

# An image counts that stands out from the others by so many standard deviations, and each further one by so much.
STANDS_OUT, GAIN = 2.0, 0.45
# From fewer maps nothing can be said about what is usual.
FEWEST = 20


def bonus(queries: Sequence[QueryVector], images: Integers, weights: Mapping[str, float] | None) -> Floats:
    """What is added to the score of each image for its cells, over all spaces: float32 (k,), 0 for most of them.

    Parameters
    ----------
    queries : sequence of QueryVector
        Those of one part.
    images : int64 (k,)
        Keys, sorted, each once.
    weights : mapping of kind of space to float, optional
        How much each kind counts.
    """
    counting = weights if weights and any(weights.get(query.space.kind) for query in queries) else default_weights()
    most = max((counting.get(query.space.kind, 0.0) for query in queries), default=0.0)
    deviations = np.zeros(len(images), np.float32)
    for query in queries:
        if weight := counting.get(query.space.kind, 0.0):
            deviations += weight / most * _deviations(query, images)
    added: Floats = GAIN * np.maximum(deviations - STANDS_OUT, 0)
    return added


def _deviations(query: QueryVector, images: Integers) -> Floats:
    """By how many standard deviations each image stands out in one space; 0 where that is not known."""
    found = np.zeros(len(images), np.float32)
    if query.clusters is None:
        return found
    known, cells = stored_cells(query.space, images.tolist())
    if len(known) >= FEWEST:
        found[np.searchsorted(images, known)] = standardised(query.clusters.found_in(cells))
    return found


def standardised(values: npt.NDArray[np.floating]) -> Floats:
    """How far values are above their median, in standard deviations, which follow from the upper quartile.

    Examples
    --------
    >>> standardised(np.array([0, 1, 2, 3, 4])).astype(float).round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 1.35]
    """
    middle, upper = np.quantile(values, (0.5, 0.75))
    above: Floats = ((values - middle) / max((upper - middle) / 0.6745, 1e-6)).astype(np.float32)
    return above
