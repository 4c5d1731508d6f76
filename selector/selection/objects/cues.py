"""What tells of a superpixel whether it belongs to an object: numbers that a linear model weighs, see `weights`."""

from __future__ import annotations

import numpy as np

from selector.arrays import Floats, Members, Parents
from selector.selection.objects.likeness import Likeness, region_means
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.nodes import SmallestNodes
from selector.selection.objects.shown import Drawn, Shown
from selector.selection.objects.ways import connected_parts, distances_from

# The levels of the merge tree at whose regions a superpixel is looked at.
LEVELS = (12, 40, 120, 400)
# What looks say at most, and beliefs, as logarithms of odds.
CLIP = 4.0
SURE = 6.0
# Places are told apart as far from the middle of a drawing, in half its sizes; so many pixels from a side is at it.
FARTHEST = 4.0
AT_THE_SIDE = 2.0
# A guess above this is the core of an object.
CORE = 0.6
# What a model has seen is fitted to a guess this much more cautiously than it varies, and looked at on this level too.
CAUTION = 0.05
LEVEL_OF_FEATURES = 120


def unlike_of(look: Look, shown: Shown, alike: Likeness, guess: Numbers) -> Numbers:
    """How much more each superpixel looks like what is around a guess than like what is in it.

    Parameters
    ----------
    look : Look
    shown : Shown
    alike : Likeness
    guess : float64 ndarray, shape (n,)
        From 0 to 1.

    Returns
    -------
    float64 ndarray, shape (n,)
        From -CLIP to CLIP.
    """
    return alike.unlike(look.areas * guess, look.areas * (1 - guess) * shown.near, CLIP)


def first_cues(parents: Parents, look: Look, shown: Shown, unlike: Numbers, guess: Numbers) -> Numbers:
    """What a first gesture, and a guess at the object, tell of each superpixel.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    shown : Shown
    unlike : float64 ndarray, shape (n,)
        What looks say, see `unlike_of`.
    guess : float64 ndarray, shape (n,)
        From 0 to 1.

    Returns
    -------
    float64 ndarray, shape (n, k)
        One; the guess; its place and that squared; what its look says; whether it touches the frame; how far it is
        from the core of the object, and the size of the smallest node that holds it and some of that; the same of
        what is surely outside; at four levels of its region the guess, what is outside, looks and place; when it
        joins the core and the outside in the tree, and how large it is before; contrast to its neighbours, and the
        guess there; where in the drawing it is; and, where that is a box or a loop, its size and which sides of the
        photo it reaches.
    """
    n, area = look.n_superpixels, float((look.areas * guess).sum() + look.areas.mean())
    core = core_of(shown, guess)
    columns = [np.ones(n), guess, shown.prior, shown.prior**2, unlike, look.frame.astype(np.float64)]
    nodes = [SmallestNodes(parents, members) for members in (core, shown.outside)]
    for members, holding in zip((core, shown.outside), nodes, strict=True):
        far = distances_from(look, members) if members.any() else np.full(n, float(look.width + look.height))
        columns += [np.log1p(far / np.sqrt(area)), np.log(holding.sums(look.areas) / area)]
    of_regions = np.column_stack([guess, shown.outside.astype(np.float64), unlike, shown.prior])
    for level in LEVELS:
        columns += list(region_means(of_regions, parents, level, look.areas).T)
    columns += [np.log(each.parts()) for each in nodes] + _neighbours(look, guess)
    if shown.drawn is not None:
        enclosed = bool(shown.outside.any())
        before = np.log(nodes[1].sums_without(look.areas) / shown.drawn.scale.prod()) if enclosed else np.zeros(n)
        columns += [before, *_place(look, shown.drawn), *_setting(look, shown.drawn, enclosed)]
    return np.column_stack(columns)


def _neighbours(look: Look, guess: Numbers) -> list[Numbers]:
    """Contrast along the border of each superpixel, and a guess beyond it."""
    (one, other), n = look.pairs.T, look.n_superpixels
    length = np.maximum(np.bincount(look.pairs.ravel(), np.repeat(look.borders, 2), n), 1)
    contrast = np.bincount(look.pairs.ravel(), np.repeat(look.borders * look.contrasts, 2), n) / length
    beyond = np.bincount(one, look.borders * guess[other], n) + np.bincount(other, look.borders * guess[one], n)
    return [np.log1p(contrast), beyond / length]


def _place(look: Look, drawn: Drawn) -> list[Numbers]:
    """Where in what was drawn each superpixel is: across, down, and how far from the nearest side."""
    across, down = ((look.centres - (drawn.low + drawn.high) / 2) / (drawn.scale / 2)).T
    beyond = np.minimum(look.centres - drawn.low, drawn.high - look.centres).min(axis=1)
    across, below = np.minimum(np.abs(across), FARTHEST), np.clip(down, -FARTHEST, FARTHEST)
    down = np.abs(below)
    in_widths = np.log1p(np.maximum(beyond, 0) / np.sqrt(look.areas.mean()))
    return [across, below, down, np.maximum(across, down), np.clip(beyond / drawn.scale.min(), -1, 1), in_widths]


def _setting(look: Look, drawn: Drawn, enclosed: bool) -> list[Numbers]:
    """How large what was drawn is in the photo, and at which sides it ends; of a stroke that says nothing."""
    n, size = look.n_superpixels, np.array([look.width, look.height])
    ends = np.r_[drawn.low <= AT_THE_SIDE, drawn.high >= size - AT_THE_SIDE]
    told = [np.log(float(drawn.scale.prod()) / float(size.prod())), *ends.astype(np.float64)]
    return [np.full(n, each if enclosed else 0.0) for each in told]


def core_of(shown: Shown, guess: Numbers) -> Members:
    """What is inside for sure, or else what a guess is sure of.

    Parameters
    ----------
    shown : Shown
    guess : float64 ndarray, shape (n,)

    Returns
    -------
    bool ndarray, shape (n,)
    """
    return shown.inside if shown.inside.any() else guess >= min(CORE, float(guess.max()))


def feature_cues(parents: Parents, look: Look, shown: Shown, guess: Numbers, features: Floats) -> Numbers:
    """What a model that has seen the photo tells of each superpixel, with a first gesture and a guess.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    shown : Shown
    guess : float64 ndarray, shape (n,)
        From 0 to 1.
    features : float32 ndarray, shape (n, d)
        Their mean over the photo is about zero.

    Returns
    -------
    float64 ndarray, shape (n, k)
        The guess as features tell it; how much more they are like what is inside than like what is around it; how much
        like the core; and the same of its region.
    """
    values, inside = features.astype(np.float64), look.areas * guess
    around = look.areas * (1 - guess) * shown.near
    units = _units(values)
    directions = [_units(weights @ units) for weights in (inside, around, look.areas * core_of(shown, guess))]
    told = [
        _fitted_to(values, guess, inside, around),
        units @ (directions[0] - directions[1]),
        units @ directions[2],
    ]
    of_superpixels = np.column_stack(told)
    return np.hstack([of_superpixels, region_means(of_superpixels, parents, LEVEL_OF_FEATURES, look.areas)])


def _fitted_to(values: Numbers, guess: Numbers, inside: Numbers, around: Numbers) -> Numbers:
    """A guess as a linear function of values: ridge regression, inside and around counting alike."""
    counts = (inside + around) / max(float((inside + around).sum()), 1e-9)
    of_guess, of_rest = (max(float((counts * part).sum()), 1e-6) for part in (guess, 1 - guess))
    counts = counts * (guess / of_guess + (1 - guess) / of_rest)
    counts /= max(float(counts.sum()), 1e-9)
    design = np.column_stack([values, np.ones(len(values))])
    caution = CAUTION * float((values**2).sum(axis=1).mean()) / values.shape[1] + 1e-9
    normal = (design * counts[:, None]).T @ design + np.diag(np.r_[np.full(values.shape[1], caution), 1e-9])
    told: Numbers = design @ np.linalg.solve(normal, design.T @ (counts * guess))
    return told


def _units(vectors: Numbers) -> Numbers:
    units: Numbers = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return units


def correction_cues(
    parents: Parents,
    look: Look,
    alike: Likeness,
    *,
    right: Members,
    opposed: Members,
    under: Members,
    belief: Numbers,
    room: float,
    earlier: int,
) -> Numbers:
    """What a correction tells of each superpixel, the same for those that come and those that go.

    Parameters
    ----------
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    alike : Likeness
    right : bool ndarray, shape (n,)
        What was already on the side to which the correction takes what is under it.
    opposed : bool ndarray, shape (n,)
        What is settled to be on the other side.
    under : bool ndarray, shape (n,)
        What the correction points at.
    belief : float64 ndarray, shape (n,)
        How much the first gesture spoke for that side.
    room : float
        How far the correction is from what was right.
    earlier : int
        How many corrections there were before.

    Returns
    -------
    float64 ndarray, shape (n, k)
        One; distances from the correction beside its room and beside a superpixel's width; the size of the smallest
        node that holds the superpixel and the correction, beside that of the side, a superpixel and the room, how
        much of it is right, and whether it holds what is opposed; colour; beliefs; looks like the side, and like the
        correction; nearer to the correction than to what is opposed; connected to it through what is wrong; how
        large and how late the correction is.
    """
    n, width = look.n_superpixels, float(np.sqrt(look.areas.mean()))
    side = float(look.areas[right].sum()) + width**2
    far = distances_from(look, under)
    away = distances_from(look, opposed) if opposed.any() else np.full(n, float(look.width))
    nodes = SmallestNodes(parents, under)
    held = nodes.sums(look.areas)
    colour = np.sqrt(((look.colours - look.colours[under].mean(axis=0)) ** 2).sum(axis=1))
    like_side = -alike.unlike(look.areas * right, look.areas * ~right, CLIP)
    like_it = -alike.wider().unlike(look.areas * under, look.areas * (~right & ~under), CLIP)
    parts, _ = connected_parts(look, ~right)
    reached = np.isin(parts, parts[under & ~right])
    belief, near, far_in_rooms = np.clip(belief, -SURE, SURE), np.exp(-far / (3 * room)), np.log1p(far / room)
    late, large = np.log1p(earlier), np.log(room / width)
    columns = [
        np.ones(n),
        far_in_rooms,
        np.log1p(far / width),
        np.maximum(1 - far / (2.5 * room), 0),
        np.maximum(1 - far / (1.2 * room), 0),
        np.log(held / side),
        np.log(held / width**2),
        np.log(held / room**2),
        nodes.sums(look.areas * right) / held,
        nodes.sums(opposed.astype(np.float64)) > 0,
        np.minimum(colour / 10, 4),
        belief,
        like_side,
        like_it,
        np.log((away + width) / (far + width)),
        reached,
        np.full(n, large),
        large * far_in_rooms,
        np.full(n, late),
        late * far_in_rooms,
        belief * near,
        like_it * near,
    ]
    return np.column_stack(columns).astype(np.float64)
