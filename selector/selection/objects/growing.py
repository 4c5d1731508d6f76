"""The object that a selection made with any tool is a part of."""

from __future__ import annotations

from selector.arrays import Labels, Members, Parents
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look


def grown(labels: Labels, parents: Parents, look: Look, selected: Members) -> Members:
    """ "Grow to the object": what is selected, and what belongs to it.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    selected : bool ndarray, shape (n,)

    Returns
    -------
    bool ndarray, shape (n,)
        At most three times as large as the selection. Of nothing, nothing; of all, all.
    """
    if not selected.any() or selected.all():
        return selected.copy()
    return cut_object(labels, parents, look, Evidence.of_selection(selected).resized(1))
