"""What is left of an object, and what comes to it, when a person corrects it.

What was found before holds, unless a linear model believes that it goes with the correction: see `cues` and `weights`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selector.arrays import Labels, Members, Parents
from selector.selection.objects.cues import correction_cues
from selector.selection.objects.evidence import Correction
from selector.selection.objects.likeness import Likeness
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.shown import Shown, under_line
from selector.selection.objects.weights import KEPT, RIGHTED

# What a border costs beside what a linear model believes after a correction, and beside what looks say in a step.
BORDER_WEIGHT_OF_BELIEF = 1.0
BORDER_WEIGHT = 2.0
# What looks say at most.
CLIP = 3.0
# A step makes an object larger by at least this share, and never more than this many times as large.
SMALLEST_STEP, LARGEST_STEP = 0.08, 3.0
BISECTIONS = 8


@dataclass(frozen=True, eq=False)
class Settled:
    """What a person has pointed at.

    Attributes
    ----------
    inside, outside : bool ndarray, shape (n,)
        What surely belongs to the object, and what surely does not.
    """

    inside: Members
    outside: Members

    def after(self, labels: Labels, look: Look, correction: Correction) -> Settled:
        """What is settled after a correction too: of two that contradict each other the later one holds.

        Parameters
        ----------
        labels : uint16 ndarray, shape (H, W)
        look : Look
        correction : Correction

        Returns
        -------
        Settled
        """
        if not correction.points:
            return self
        under = under_line(labels, look, correction.points)
        if correction.add:
            return Settled(self.inside | under, self.outside & ~under)
        return Settled(self.inside & ~under, self.outside | under)

    def applied(self, costs: Numbers) -> Numbers:
        """Costs of being inside, those that are settled infinite.

        Parameters
        ----------
        costs : float64 ndarray, shape (n,)

        Returns
        -------
        float64 ndarray, shape (n,)
        """
        return np.where(self.inside, -np.inf, np.where(self.outside, np.inf, costs))


@dataclass(frozen=True, eq=False)
class Began:
    """What a first gesture has shown.

    Attributes
    ----------
    shown : Shown
    alike : Likeness
    borders : float64 ndarray, shape (m,)
        Weights of the borders between superpixels.
    members : bool ndarray, shape (n,)
        The object as it was found.
    belief : float64 ndarray, shape (n,)
        How much the gesture spoke for each superpixel, as the logarithm of odds; zeros where it says too little.
    """

    shown: Shown
    alike: Likeness
    borders: Numbers
    members: Members
    belief: Numbers


@dataclass(frozen=True, eq=False)
class Told:
    """What a correction tells: cues (n, k), and what was right before it, bool (n,)."""

    cues: Numbers
    right: Members


def told_by(
    labels: Labels,
    parents: Parents,
    look: Look,
    began: Began,
    before: Members,
    settled: Settled,
    correction: Correction,
    *,
    earlier: int,
) -> Told:
    """What a stroke or a click tells of all superpixels.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    began : Began
    before : bool ndarray, shape (n,)
        The object before the correction.
    settled : Settled
        With what the correction settles.
    correction : Correction
    earlier : int
        How many corrections there were before.

    Returns
    -------
    Told
    """
    right = before if correction.add else ~before
    # A stroke tells what a click in its widest place does: to clicks the models were fitted.
    place, room = _widest(look, under_line(labels, look, correction.points), ~right)
    cues = correction_cues(
        parents,
        look,
        began.alike,
        right=right,
        opposed=settled.outside if correction.add else settled.inside,
        under=place,
        belief=began.belief if correction.add else -began.belief,
        room=room,
        earlier=earlier,
    )
    return Told(cues, right)


def refined(look: Look, told: Told, settled: Settled, correction: Correction, borders: Numbers) -> Members:
    """The object after a correction.

    Parameters
    ----------
    look : Look
    told : Told
        By the correction.
    settled : Settled
    correction : Correction
        A stroke or a click.
    borders : float64 ndarray, shape (m,)
        Their weights.

    Returns
    -------
    bool ndarray, shape (n,)
    """
    wrong, right = RIGHTED[correction.add], KEPT[correction.add]
    belief = np.where(told.right, told.cues @ np.array(right), told.cues @ np.array(wrong))
    costs = np.sqrt(look.areas / look.areas.mean()) * (-belief if correction.add else belief)
    return min_cut(settled.applied(costs), look.graph, BORDER_WEIGHT_OF_BELIEF * borders)


def one_step(look: Look, began: Began, before: Members, settled: Settled, larger: bool) -> Members:
    """The object a step larger, or smaller.

    Parameters
    ----------
    look : Look
    began : Began
        Where the gesture spoke for superpixels, what it said is cut with more and more favour, as when the object was
        found; else what looks say.
    before : bool ndarray, shape (n,)
    settled : Settled
    larger : bool

    Returns
    -------
    bool ndarray, shape (n,)
        Holds all that was there before and is at most three times as large, or the other way round. The same as
        before where there is no such step.

    Notes
    -----
    Of the cuts that favour one side more and more, which lie within each other, the first that makes a difference is
    found by bisection.
    """
    if not before.any():
        return before
    if larger:
        frozen = Settled(settled.inside | before, settled.outside)
    else:
        frozen = Settled(settled.inside & before, settled.outside | ~before)
    believed = bool(began.belief.any())
    unlike = np.clip(-began.belief, -CLIP, CLIP) if believed else _unlike(look, before, settled, began.alike)
    weights = (BORDER_WEIGHT_OF_BELIEF if believed else BORDER_WEIGHT) * began.borders
    by_area = np.sqrt(look.areas / look.areas.mean())
    best, low, high = before, 0.0, 2 * CLIP + 2
    for _ in range(BISECTIONS):
        favour = (low + high) / 2
        costs = frozen.applied(by_area * (unlike - (favour - CLIP if larger else CLIP - favour)))
        members = min_cut(costs, look.graph, weights)
        ratio = float(look.areas[members].sum() / look.areas[before].sum())
        step = ratio if larger else 1 / max(ratio, 1e-9)
        if 1 < step <= LARGEST_STEP and members.any():
            best = members
        low, high = (low, favour) if step >= 1 + SMALLEST_STEP else (favour, high)
    return best if not np.array_equal(best, before) else _by_a_ring(look, before, settled, larger)


def _by_a_ring(look: Look, before: Members, settled: Settled, larger: bool) -> Members:
    """An object and what touches it, or without what touches others: where no cut is between it and far too much."""
    side = before if larger else ~before
    one, other = look.pairs.T
    ring = np.zeros_like(before)
    ring[other[side[one]]], ring[one[side[other]]] = True, True
    after = (before | ring) & ~settled.outside if larger else before & (~ring | settled.inside)
    ratio = float(look.areas[after].sum() / look.areas[before].sum())
    return after if after.any() and 1 / LARGEST_STEP <= ratio <= LARGEST_STEP else before


def _unlike(look: Look, before: Members, settled: Settled, alike: Likeness) -> Numbers:
    """How much more superpixels look like what is outside of an object than like it, (n,)."""
    inside = (before | settled.inside) & ~settled.outside
    unlike: Numbers = alike.unlike(look.areas * inside, look.areas * ~inside, CLIP)
    return unlike


def _widest(look: Look, under: Members, wrong: Members) -> tuple[Members, float]:
    """Where a correction is farthest from what was right already, a superpixel, and how far; at least its width."""
    width = float(np.sqrt(look.areas.mean()))
    points = np.flatnonzero(under & wrong)
    if not len(points) or wrong.all():
        return under, width
    apart = look.centres[points][:, None] - look.centres[~wrong][None]
    distances = np.sqrt((apart**2).sum(axis=2)).min(axis=1)
    return np.arange(look.n_superpixels) == points[distances.argmax()], max(float(distances.max()), width)
