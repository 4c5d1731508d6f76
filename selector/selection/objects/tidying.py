"""Small islands beside an object and small holes in it go, unless a person pointed at them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Members
from selector.selection.objects.look import Look
from selector.selection.objects.refining import Settled

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
    parts, count = _connected_parts(look, members)
    areas = np.bincount(parts[members], look.areas[members], count)
    small = areas < share * float(look.areas[members if beside is None else beside].sum())
    small[parts[members & kept]] = False
    found = np.zeros_like(members)
    found[members] = small[parts[members]]
    return found


def _connected_parts(look: Look, members: Members) -> tuple[npt.NDArray[np.intp], int]:
    """The part of each superpixel, (n,), and how many parts there are; what is no member is in parts of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = look.n_superpixels
    one, other = look.pairs[members[look.pairs].all(axis=1)].T
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(n, n))
    count, parts = connected_components(graph, directed=False)
    return parts.astype(np.intp), int(count)
