"""Ways through a photo from superpixel to superpixel: how far others are, and what hangs together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Members
from selector.selection.objects.look import Look, Numbers

# By how much crossing a contrast of 10 in CIELAB lengthens a way, and the contrast beyond which it does no more.
DETOUR = 0.7
MOST_CONTRAST = 40.0


def distances_from(look: Look, members: Members) -> Numbers:
    """How far superpixels are from some of them, through the photo.

    Parameters
    ----------
    look : Look
    members : bool ndarray, shape (n,)
        At least one.

    Returns
    -------
    float64 ndarray, shape (n,)
        In pixels where the photo is of one colour, and more across contrasts. Of what cannot be reached, the size
        of the photo.
    """
    # Not above: a process in which nobody selects an object starts sooner without it.
    from selector.selection.objects import ways_kernels as kernels

    one, other = look.pairs.T
    steps = np.hypot(*(look.centres[one] - look.centres[other]).T)
    change = np.sqrt(((look.colours[one] - look.colours[other]) ** 2).sum(axis=1))
    # Two centres can be one point; a way of no length would be no way.
    lengths = np.maximum(steps * (1 + DETOUR * np.minimum(change, MOST_CONTRAST) / 10), 1e-6)
    distances, graph = np.where(members, 0.0, np.inf), look.graph
    kernels.spread(graph.heads, graph.first, graph.arcs, lengths, distances)
    return np.where(np.isfinite(distances), distances, float(look.width + look.height))


def connected_parts(look: Look, members: Members) -> tuple[npt.NDArray[np.intp], int]:
    """The connected part of each superpixel, where only some connect; what is none of them is in parts of its own.

    Parameters
    ----------
    look : Look
    members : bool ndarray, shape (n,)

    Returns
    -------
    intp ndarray, shape (n,)
    int
        How many parts there are.
    """
    from selector.selection.objects import ways_kernels as kernels

    parts, graph = np.full(look.n_superpixels, -1, np.intp), look.graph
    return parts, kernels.part(graph.heads, graph.first, graph.arcs, members, parts)
