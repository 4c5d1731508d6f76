"""Small islands beside an object and small holes in it go, unless a person pointed at them."""

from __future__ import annotations

import numpy as np

from selector.arrays import Members
from selector.selection.objects.look import Look
from selector.selection.objects.refining import Settled
from selector.selection.objects.ways import connected_parts

# As shares of the object's area.
SMALLEST_ISLAND = 0.04
LARGEST_HOLE = 0.02


def tidied(look: Look, members: Members, settled: Settled) -> Members:
    """An object without small islands and holes.

    Parameters
    ----------
    look : Look
    members : bool ndarray, shape (n,)
    settled : Settled
        What stays as it is.

    Returns
    -------
    bool ndarray, shape (n,)
    """
    if not members.any():
        return members
    without = members & ~_small_parts(look, members, settled.inside, SMALLEST_ISLAND)
    # A hole is closed on all sides: what reaches the edge of the photo is not one.
    return without | _small_parts(look, ~without, settled.outside | look.frame, LARGEST_HOLE, without)


def _small_parts(look: Look, members: Members, kept: Members, share: float, beside: Members | None = None) -> Members:
    """The connected parts of some superpixels that are small beside all of them, or beside others, and hold no kept."""
    parts, count = connected_parts(look, members)
    areas = np.bincount(parts[members], look.areas[members], count)
    small = areas < share * float(look.areas[members if beside is None else beside].sum())
    small[parts[members & kept]] = False
    found = np.zeros_like(members)
    found[members] = small[parts[members]]
    return found
