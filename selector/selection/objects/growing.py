"""The object that a selection made with any tool is a part of."""

from __future__ import annotations

import numpy as np

from selector.arrays import Floats, Labels, Members, Parents
from selector.selection.objects.cutting import cut_object, found
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.likeness import border_weights, likeness_of
from selector.selection.objects.look import Look
from selector.selection.objects.refining import LARGEST_STEP, SMALLEST_STEP, Settled
from selector.selection.objects.shown import shown_by_part
from selector.selection.objects.tidying import tidied


def grown(
    labels: Labels, parents: Parents, look: Look, selected: Members, *, features: Floats | None = None
) -> Members:
    """ "Grow to the object": what is selected, and what belongs to it.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    selected : bool ndarray, shape (n,)
    features : float32 ndarray, shape (n, d), optional
        What a model has seen in each superpixel.

    Returns
    -------
    bool ndarray, shape (n,)
        At most three times as large as the selection. Of nothing, nothing; of all, all.
    """
    if not selected.any() or selected.all():
        return selected.copy()
    area = float(look.areas[selected].sum())
    alike, borders = likeness_of(look, parents), border_weights(look)
    part, largest = shown_by_part(look, selected), LARGEST_STEP * area
    members, _ = found(labels, parents, look, part, alike, borders, "stroke", features, largest)
    members = tidied(look, members, Settled(selected, np.zeros_like(selected)))
    if 1 + SMALLEST_STEP <= look.areas[members].sum() / area <= LARGEST_STEP:
        return members
    # It is taken for whole, or for a part of something far larger: then a step.
    return cut_object(labels, parents, look, Evidence.of_selection(selected).resized(1))
