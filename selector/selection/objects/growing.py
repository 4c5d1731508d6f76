"""An object a step larger or smaller, and the object that a selection is a part of."""

from __future__ import annotations

from dataclasses import replace

from selector.arrays import Labels, Members, Parents
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look


def grown(labels: Labels, parents: Parents, look: Look, selected: Members) -> Members:
    """ "Grow to the object": the object that a selection made with any tool is a part of.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    selected : bool ndarray, shape (n,)

    Returns
    -------
    bool ndarray, shape (n,)
        All that is selected and what belongs to it. Of nothing, nothing.
    """
    if not selected.any() or selected.all():
        return selected.copy()
    evidence = Evidence.of_selection(selected)
    return cut_object(labels, parents, look, replace(evidence, size=1))
