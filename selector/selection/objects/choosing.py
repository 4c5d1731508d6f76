"""Which of several cuts the object is: what is believed of superpixels one by one does not say how large it is.

A belief is cut with more and more favour for the object. Each cut is then seen as a whole: how it fills what was drawn
around or along it, how it would overlap with the object if the belief holds, its outline, and how much it differs from
the others. A linear model (`weights.CHOICE`) says which of them overlaps most with what was meant.

That a box is drawn so that the object reaches its sides: Lempitsky, Kohli, Rother and Sharp, "Image segmentation with a
bounding box prior", ICCV 2009.
"""

from __future__ import annotations

import numpy as np

from selector.arrays import Members
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.shown import Drawn, Shown

BORDER_WEIGHT_OF_BELIEF = 1.0
# How much each cut favours the object, as logarithms of odds.
FAVOURS = (-1.5, -0.75, 0.0, 0.75, 1.5, 2.25)
# So much of a box may stay empty on a side, as a share of it, and so far a thing goes beyond a stroke, in lengths.
EMPTY, BEYOND = 0.1, 0.5


def cuts_of_belief(look: Look, shown: Shown, borders: Numbers, belief: Numbers) -> list[Members]:
    """The cuts of a belief, from the smallest to the largest, those that hold nothing left out.

    Parameters
    ----------
    look : Look
    shown : Shown
    borders : float64 ndarray, shape (m,)
        Their weights.
    belief : float64 ndarray, shape (n,)
        Logarithms of odds; of what is settled, far from zero.

    Returns
    -------
    list of bool ndarray, shape (n,)
    """
    surely, areas = _probability(belief), look.areas
    order = np.argsort(-surely, kind="stable")
    held, taken = np.cumsum((areas * surely)[order]), np.cumsum((areas * (1 - surely))[order])
    overlap = float((held / (held[-1] + taken)).max())
    cuts: list[Members] = []
    for favour in FAVOURS:
        # What is as likely as half the overlap that is to be expected, and more, makes the overlap larger.
        costs = -np.sqrt(areas / areas.mean()) * (belief - np.log(overlap) + favour)
        costs[shown.inside], costs[shown.outside] = -np.inf, np.inf
        if cuts:
            costs[cuts[-1]] = -np.inf  # a cut that favours the object more holds those that favour it less
        members = min_cut(costs, look.graph, BORDER_WEIGHT_OF_BELIEF * borders)
        if members.any():
            cuts.append(members)
    return cuts


def cues_of_cuts(look: Look, drawn: Drawn, belief: Numbers, cuts: list[Members]) -> Numbers:
    """What tells how well cuts overlap with the object.

    Parameters
    ----------
    look : Look
    drawn : Drawn
    belief : float64 ndarray, shape (n,)
    cuts : list of bool ndarray, shape (n,)
        At least one.

    Returns
    -------
    float64 ndarray, shape (c, k)
        The sides of its box beside those of what was drawn, in order, and how much too short and too long these are;
        its size; the overlap to be expected, how much of it is likely, and of what is likely how much it holds;
        contrast along its edge and within; how long its edge is; how little it differs from the next cuts.
    """
    surely = look.areas * _probability(belief)
    cues = [[*_sides(look, drawn, cut), *_likely(look, surely, cut), *_outline(look, cut)] for cut in cuts]
    sizes = np.array([float(look.areas[cut].sum()) for cut in cuts])
    # Each holds the one before, so what they share is the smaller one.
    shared = np.r_[sizes[:1] / sizes[:1], sizes[:-1] / sizes[1:], sizes[:1] / sizes[:1]]
    return np.column_stack([np.array(cues), shared[:-1], shared[1:]])


def _sides(look: Look, drawn: Drawn, cut: Members) -> list[float]:
    half = np.sqrt(look.areas[cut])[:, None] / 2
    low, high = (look.centres[cut] - half).min(axis=0), (look.centres[cut] + half).max(axis=0)
    beyond = np.sort(np.clip(np.r_[(drawn.low - low) / drawn.scale, (high - drawn.high) / drawn.scale], -1, 2))
    short, long = np.maximum(-beyond - EMPTY, 0).sum(), np.maximum(beyond - BEYOND, 0).sum()
    return [*beyond, short, long, np.log(float(look.areas[cut].sum()) / float(drawn.scale.prod()))]


def _likely(look: Look, surely: Numbers, cut: Members) -> list[float]:
    area, held, all_of_it = float(look.areas[cut].sum()), float(surely[cut].sum()), float(surely.sum())
    return [held / (area + all_of_it - held), held / area, held / all_of_it]


def _outline(look: Look, cut: Members) -> list[float]:
    one, other = cut[look.pairs].T
    across = look.borders * look.contrasts
    edge, within = one != other, one & other
    length = max(float(look.borders[edge].sum()), 1.0)
    contrast = float(across[edge].sum()) / length
    inner = float(across[within].sum()) / max(float(look.borders[within].sum()), 1.0)
    return [np.log1p(contrast), np.log1p(inner), np.log(length**2 / float(look.areas[cut].sum()))]


def chosen(cuts: list[Members], cues: Numbers, weights: Numbers) -> Members:
    """The cut that a linear model takes for the best.

    Parameters
    ----------
    cuts : list of bool ndarray, shape (n,)
    cues : float64 ndarray, shape (c, k)
    weights : float64 ndarray, shape (k,)

    Returns
    -------
    bool ndarray, shape (n,)
    """
    return cuts[int((cues @ weights).argmax())]


def _probability(belief: Numbers) -> Numbers:
    """What logarithms of odds are as probabilities, however large they are."""
    probability: Numbers = 0.5 + 0.5 * np.tanh(belief / 2)
    return probability
