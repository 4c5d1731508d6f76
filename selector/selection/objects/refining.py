"""What is left of an object, and what comes to it, when a person corrects it.

What was found before holds, unless what is near the correction and not parted from it by contrast goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selector.arrays import Labels, Members
from selector.selection.objects.evidence import Correction
from selector.selection.objects.likeness import Likeness
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.shown import under_line
from selector.selection.objects.ways import distances_from

# What it costs to change a superpixel, and how much a correction speaks for that where it was made.
STICKINESS = 1.5
STRENGTH = 4.0
# How far a correction reaches, beside how far it was made from the other side.
REACH = 2.5
BORDER_WEIGHT = 2.0
# What looks say, and at most.
LOOKS, CLIP = 0.15, 3.0
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


def refined(
    labels: Labels,
    look: Look,
    before: Members,
    settled: Settled,
    correction: Correction,
    alike: Likeness,
    weights: Numbers,
) -> Members:
    """The object after a correction.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    look : Look
    before : bool ndarray, shape (n,)
        What it was before.
    settled : Settled
        With what the correction settles.
    correction : Correction
        A stroke or a click.
    alike : Likeness
    weights : float64 ndarray, shape (m,)
        Of borders.

    Returns
    -------
    bool ndarray, shape (n,)
    """
    under = under_line(labels, look, correction.points)
    wrong = ~before if correction.add else before
    distances = distances_from(look, under)
    near = np.maximum(1 - distances / (REACH * _room(look, under, wrong)), 0)
    costs = _unlike(look, before, settled, alike) + np.where(before, -STICKINESS, STICKINESS)
    costs += STRENGTH * near * (-1 if correction.add else 1)
    costs = settled.applied(np.sqrt(look.areas / look.areas.mean()) * costs)
    return min_cut(costs, look.pairs, BORDER_WEIGHT * weights)


def one_step(look: Look, before: Members, settled: Settled, larger: bool, alike: Likeness, weights: Numbers) -> Members:
    """The object a step larger, or smaller.

    Parameters
    ----------
    look : Look
    before : bool ndarray, shape (n,)
    settled : Settled
    larger : bool
    alike : Likeness
    weights : float64 ndarray, shape (m,)
        Of borders.

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
    by_area, unlike = np.sqrt(look.areas / look.areas.mean()), _unlike(look, before, settled, alike, 1.0)
    best, low, high = before, 0.0, 2 * CLIP + 2
    for _ in range(BISECTIONS):
        favour = (low + high) / 2
        costs = frozen.applied(by_area * (unlike - (favour - CLIP if larger else CLIP - favour)))
        members = min_cut(costs, look.pairs, BORDER_WEIGHT * weights)
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


def _unlike(look: Look, before: Members, settled: Settled, alike: Likeness, weight: float = LOOKS) -> Numbers:
    """How much more superpixels look like what is outside of an object than like it, (n,)."""
    inside = (before | settled.inside) & ~settled.outside
    unlike: Numbers = weight * alike.unlike(look.areas * inside, look.areas * ~inside, CLIP)
    return unlike


def _room(look: Look, under: Members, wrong: Members) -> float:
    """How far a correction is from the nearest superpixel that was right already; at least a superpixel's width."""
    width = float(np.sqrt(look.areas.mean()))
    if wrong.all():
        return width
    right, points = look.centres[~wrong], look.centres[under & wrong]
    if not len(points):
        return width
    distances = np.sqrt(((points[:, None] - right[None]) ** 2).sum(axis=2)).min(axis=1)
    return max(float(distances.max()), width)
