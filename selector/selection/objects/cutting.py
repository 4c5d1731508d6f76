"""The object that a person means, as a union of superpixels.

Lazy Snapping on the superpixels of a photo: a graph of them is cut where that is cheapest. Parting neighbours costs
the more the longer their border is and the less contrast it has; a superpixel costs inside by how much more it looks
like the rest of the photo than like the object. What both look like is learnt from the cut before, in a few rounds;
where a gesture says little, from several first guesses, whose mean is cut. That is still a guess: beside other cues
(`cues`) a linear model weighs it (`weights`). What it believes a small network sees as a picture (`context`), and the
belief of both is cut in several ways, one of which is chosen (`choosing`).

Li, Sun, Tang and Shum, "Lazy snapping", SIGGRAPH 2004; Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004.
"""

from __future__ import annotations

import numpy as np

from selector.arrays import Floats, Labels, Members, Parents
from selector.selection.objects.choosing import chosen, cues_of_cuts, cuts_of_belief
from selector.selection.objects.context import Window, mixed, network, picture_of, window_of
from selector.selection.objects.cues import SURE, feature_cues, first_cues, unlike_of
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.likeness import Likeness, border_weights, likeness_of, region_means
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.refining import Began, Settled, one_step, refined, told_by
from selector.selection.objects.shown import Shown, shown_first
from selector.selection.objects.tidying import tidied
from selector.selection.objects.weights import CHOICE, FIRST, FIRST_WITH_FEATURES

# What a border costs beside what looks say.
BORDER_WEIGHT = 3.5
ROUNDS = 2
# How much of what its look says a superpixel takes from its region at this level of the merge tree.
OF_REGION = 0.4
LEVEL = 200


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
        What was found before the last correction, where the caller has it: saves finding it again.
    features : float32 ndarray, shape (n, d), optional
        What a model has seen in each superpixel, beside the mean of the photo: more cues.

    Returns
    -------
    bool ndarray, shape (n,)

    Raises
    ------
    ValueError
        If the arrays are of different photos, or a gesture lies wholly outside of the photo.
    """
    n = look.n_superpixels
    is_of_it = features is None or len(features) == n
    if parents.size != 2 * n - 1 or labels.shape != (look.height, look.width) or not is_of_it:
        raise ValueError("Labels, tree and look are of different photos.")
    if before is not None and (before.shape != (n,) or not evidence.corrections):
        raise ValueError("What was found before a correction is of this photo and comes with a correction.")
    began = begun(labels, parents, look, evidence, features)
    settled = Settled(began.shown.inside, np.zeros(n, bool))
    members = began.members if before is None else before
    last = len(evidence.corrections) - 1
    for i, correction in enumerate(evidence.corrections):
        settled = settled.after(labels, look, correction)
        if before is not None and i < last:
            continue
        if correction.points:
            told = told_by(labels, parents, look, began, members, settled, correction, earlier=i)
            members = refined(look, told, settled, correction, began.borders)
        else:
            members = one_step(look, began, members, settled, correction.add)
        members = tidied(look, members, settled)
    return members


def begun(labels: Labels, parents: Parents, look: Look, evidence: Evidence, features: Floats | None = None) -> Began:
    """What the first gesture shows; of a selection, the selection itself.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    evidence : Evidence
    features : float32 ndarray, shape (n, d), optional

    Returns
    -------
    Began
    """
    shown = shown_first(labels, parents, look, evidence)
    alike, borders = likeness_of(look, parents), border_weights(look)
    if evidence.start == "selection":
        return Began(shown, alike, borders, shown.likely[0], np.zeros(look.n_superpixels))
    members, belief = found(labels, parents, look, shown, alike, borders, evidence.start, features)
    settled = Settled(shown.inside, np.zeros_like(members))
    return Began(shown, alike, borders, tidied(look, members, settled), belief)


def found(
    labels: Labels,
    parents: Parents,
    look: Look,
    shown: Shown,
    alike: Likeness,
    borders: Numbers,
    start: str,
    features: Floats | None = None,
    largest: float = np.inf,
) -> tuple[Members, Numbers]:
    """The object that a gesture shows, before it is tidied.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    shown : Shown
    alike : Likeness
    borders : float64 ndarray, shape (m,)
        Their weights.
    start : {"box", "loop", "stroke", "tap"}
    features : float32 ndarray, shape (n, d), optional
    largest : float, optional
        How large it may be at most, in pixels, if there is such a cut.

    Returns
    -------
    bool ndarray, shape (n,)
    float64 ndarray, shape (n,)
        The belief, zeros after a tap.
    """
    members, guess = first_guess(parents, look, shown, alike, borders)
    if start not in FIRST or shown.drawn is None:
        return members, np.zeros(look.n_superpixels)
    belief = believed(labels, parents, look, shown, alike, guess, start, features)
    cuts = cuts_of_belief(look, shown, borders, belief)
    cuts = [cut for cut in cuts if look.areas[cut].sum() <= largest] or cuts[:1]
    if cuts:
        members = chosen(cuts, cues_of_cuts(look, shown.drawn, belief, cuts), np.array(CHOICE[start]))
    return members, belief


def believed(
    labels: Labels,
    parents: Parents,
    look: Look,
    shown: Shown,
    alike: Likeness,
    guess: Numbers,
    start: str,
    features: Floats | None,
) -> Numbers:
    """How much a first gesture speaks for each superpixel.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    shown : Shown
        By something drawn.
    alike : Likeness
    guess : float64 ndarray, shape (n,)
        From 0 to 1.
    start : {"box", "loop", "stroke"}
    features : float32 ndarray, shape (n, d), or None

    Returns
    -------
    float64 ndarray, shape (n,)
        The logarithm of odds.
    """
    window, picture, belief = in_picture(labels, parents, look, shown, alike, guess, start, features)
    return settled(shown, mixed(window, network()(picture), belief))


def in_picture(
    labels: Labels,
    parents: Parents,
    look: Look,
    shown: Shown,
    alike: Likeness,
    guess: Numbers,
    start: str,
    features: Floats | None,
) -> tuple[Window, Floats, Numbers]:
    """What the linear model believes, and the picture of it that the network is shown.

    Parameters
    ----------
    labels, parents, look, shown, alike, guess, start, features
        As for `believed`.

    Returns
    -------
    Window
    float32 ndarray, shape (12, SIDE, SIDE)
    float64 ndarray, shape (n,)
    """
    assert shown.drawn is not None
    unlike = unlike_of(look, shown, alike, guess)
    cues = first_cues(parents, look, shown, unlike, guess)
    weights: tuple[float, ...] = FIRST[start]
    if features is not None:
        cues = np.column_stack([cues, feature_cues(parents, look, shown, guess, features)])
        weights = FIRST_WITH_FEATURES[start]
    belief = settled(shown, cues @ np.array(weights))
    window = window_of(labels, look, shown.drawn, enclosed=start != "stroke")
    return window, picture_of(window, look, shown, guess, unlike, belief), belief


def settled(shown: Shown, belief: Numbers) -> Numbers:
    """A belief that is sure of what a gesture settles.

    Parameters
    ----------
    shown : Shown
    belief : float64 ndarray, shape (n,)

    Returns
    -------
    float64 ndarray, shape (n,)
    """
    return np.where(shown.inside, SURE, np.where(shown.outside, -SURE, belief))


def first_guess(
    parents: Parents, look: Look, shown: Shown, alike: Likeness, borders: Numbers
) -> tuple[Members, Numbers]:
    """A first guess at the object, from looks and place alone.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    shown : Shown
    alike : Likeness
    borders : float64 ndarray, shape (m,)
        Their weights.

    Returns
    -------
    bool ndarray, shape (n,)
        Not empty, as long as the gesture makes anything likely.
    float64 ndarray, shape (n,)
        How sure that is of each superpixel, from 0 to 1.
    """
    guesses = [_rounds(parents, look, shown, alike, borders, likely | shown.inside) for likely in shown.likely]
    mean: Numbers = np.mean(guesses, axis=0)
    members = _cut_once(parents, look, shown, alike, borders, mean)
    members = members if members.any() else guesses[0]
    return members, (mean + members) / 2


def _rounds(parents: Parents, look: Look, shown: Shown, alike: Likeness, weights: Numbers, members: Members) -> Members:
    """A guess at the object, made better until it stays the same, or there were `ROUNDS`."""
    for _ in range(ROUNDS):
        following = _cut_once(parents, look, shown, alike, weights, members.astype(np.float64))
        if not following.any() or np.array_equal(following, members):
            break
        members = following
    return members


def _cut_once(parents: Parents, look: Look, shown: Shown, alike: Likeness, weights: Numbers, guess: Numbers) -> Members:
    """The object, where superpixels belong to it as surely as a guess says, from 0 to 1."""
    unlike = alike.unlike(look.areas * guess, look.areas * (1 - guess) * shown.near, shown.clip)
    unlike += OF_REGION * (region_means(unlike, parents, LEVEL, look.areas) - unlike)
    costs = np.sqrt(look.areas / look.areas.mean()) * (unlike - shown.prior)
    costs[shown.inside], costs[shown.outside] = -np.inf, np.inf
    return min_cut(costs, look.graph, BORDER_WEIGHT * weights)
