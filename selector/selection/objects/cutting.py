"""The object that a person means, as a union of superpixels: Lazy Snapping on the superpixels of a photo.

A graph of superpixels is cut where that is cheapest: borders cost by their length and the less contrast they have,
and superpixels by how much they look like the rest of the photo rather than like what is meant. Both looks are kernel
densities over superpixels, which need no fitting and are the same from run to run.

Li et al., "Lazy snapping", SIGGRAPH 2004; Rother et al., "GrabCut", SIGGRAPH 2004.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Floats, Labels, Members, Parents
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.shown import Shown, corrected, shown_first

BANDWIDTH = 6.0
BORDER_WEIGHT = 3.0
CLIP = 3.0
ROUNDS = 3


def cut_object(
    labels: Labels,
    parents: Parents,
    look: Look,
    evidence: Evidence,
    *,
    before: Members | None = None,
    features: Floats | None = None,
) -> Members:
    """The object that a person means.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
        The merge tree.
    look : Look
        Of the same photo.
    evidence : Evidence
    before : bool ndarray, shape (n,), optional
        What this function gave before the last correction, where the caller has it: saves making it again.
    features : float32 ndarray, shape (n, d), optional
        What a model has seen in each superpixel: another likeness.

    Returns
    -------
    bool ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the arrays are of different photos, or the evidence lies wholly outside of the photo.
    """
    n = look.n_superpixels
    if parents.size != 2 * n - 1 or labels.shape != (look.height, look.width):
        raise ValueError("Labels, tree and look are of different photos.")
    if evidence.start == "selection" and not evidence.corrections and not evidence.size:
        return evidence.members(n)
    shown = corrected(shown_first(labels, look, evidence), labels, look, evidence)
    alike = _likeness(look)
    weights = _border_weights(look)
    inside = shown.likely
    for _ in range(ROUNDS):
        costs = _costs(look, alike, shown, inside)
        following = min_cut(costs, look.pairs, weights)
        if np.array_equal(following, inside) or not following.any():
            break
        inside = following
    return inside


def _likeness(look: Look) -> npt.NDArray[np.float32]:
    """How much every two superpixels look alike, from 0 to 1, (n, n)."""
    looks = np.column_stack([look.colours, look.deviations]).astype(np.float32) / np.float32(BANDWIDTH)
    squares = (looks**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (looks @ looks.T)
    alike: npt.NDArray[np.float32] = np.exp(-0.5 * np.maximum(distances, 0))
    return alike


def _border_weights(look: Look) -> Numbers:
    """What it costs to part neighbours, (m,)."""
    typical = max(float((look.contrasts**2 * look.borders).sum() / max(look.borders.sum(), 1.0)), 1.0)
    side = np.sqrt(look.width * look.height / look.n_superpixels)
    weights: Numbers = BORDER_WEIGHT * look.borders / side * np.exp(-(look.contrasts**2) / (2 * typical))
    return weights


def _costs(look: Look, alike: npt.NDArray[np.float32], shown: Shown, inside: Members) -> Numbers:
    """What it costs more to be inside than outside, (n,)."""
    within = (inside | shown.inside).astype(np.float64) * look.areas
    rest = np.where(inside | shown.inside, 0.0, look.areas * shown.near)
    sums = alike @ np.stack([within / max(within.sum(), 1e-9), rest / max(rest.sum(), 1e-9)], axis=1).astype(np.float32)
    ratio = np.log((sums[:, 1] + 1e-5) / (sums[:, 0] + 1e-5))
    weight = np.sqrt(look.areas / look.areas.mean())
    costs: Numbers = weight * (np.clip(ratio, -CLIP, CLIP) - shown.prior)
    costs[shown.inside], costs[shown.outside] = -np.inf, np.inf
    return costs
