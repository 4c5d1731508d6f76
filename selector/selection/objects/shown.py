"""What a person's first gesture says of each superpixel: settled, likely, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selector.arrays import Labels, Mask, Members, Parents
from selector.selection.geometry import Points, polygon_mask, superpixels_under_line
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look, Numbers
from selector.selection.objects.nodes import salient_node
from selector.selection.objects.ways import distances_from
from selector.selection.tree import node_members

# How much being in the middle of a box speaks for a superpixel, and what shares of the box to take for it at first.
PRIOR_OF_BOX = 1.5
MIDDLES_OF_BOX = (0.6, 0.85, 2.0)
# Being within a loop, which is drawn closer than a box.
PRIOR_OF_LOOP = 0.5
# Being near a stroke: at a distance of this share of its length nothing is said, and farther away ever more against.
PRIOR_OF_STROKE = 1.5
REACH_OF_STROKE = 0.22
FARTHEST = -2.0
CLIP_OF_STROKE = 2.0
# A stroke counts as at least this share of the photo's diagonal.
SHORTEST_STROKE = 0.12
# How far beyond the object its surroundings are, as a share of its size.
SURROUNDINGS = 1.0
# How much being in the node that stands out, or in what was selected, speaks for a superpixel.
PRIOR_OF_NODE = 1.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """Where a gesture was drawn.

    Attributes
    ----------
    low, high : float64 ndarray, shape (2,)
        Opposite corners of the box around it, as far as it is on the photo.
    scale : float64 ndarray, shape (2,)
        What distances from it are measured by: of a box or a loop its sides, of a stroke its length, twice.
    """

    low: Numbers
    high: Numbers
    scale: Numbers


@dataclass(frozen=True, eq=False)
class Shown:
    """What a gesture says of the n superpixels.

    Attributes
    ----------
    inside, outside : bool ndarray, shape (n,)
        What surely belongs to the object, and what surely does not.
    likely : tuple of bool ndarray, shape (n,)
        What to take for the object at first; several guesses where one could lead astray.
    prior : float64 ndarray, shape (n,)
        How much the place alone speaks for the object; below zero, against it.
    near : float64 ndarray, shape (n,)
        How much a superpixel counts as an example of what is around the object, from 0 to 1.
    clip : float
        How much a superpixel's look may say at most.
    drawn : Drawn, optional
        Of a box, a loop or a stroke.
    """

    inside: Members
    outside: Members
    likely: tuple[Members, ...]
    prior: Numbers
    near: Numbers
    clip: float = 4.0
    drawn: Drawn | None = None


def shown_first(labels: Labels, parents: Parents, look: Look, evidence: Evidence) -> Shown:
    """What the first gesture says.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    evidence : Evidence

    Returns
    -------
    Shown

    Raises
    ------
    ValueError
        If the gesture lies wholly outside of the photo.
    """
    if evidence.start == "box":
        return _shown_by_box(labels, look, evidence.points)
    if evidence.start == "loop":
        return _shown_by_loop(labels, look, evidence.points)
    if evidence.start == "stroke":
        return _shown_by_stroke(labels, look, evidence.points)
    if evidence.start == "tap":
        point = within_photo(evidence.points, look)[0]
        node = node_members(parents, salient_node(labels, parents, look, (float(point[0]), float(point[1]))))
        return _shown_by_members(look, node, under_line(labels, look, evidence.points))
    selected = evidence.members(look.n_superpixels)
    return _shown_by_members(look, selected, selected)


def under_line(labels: Labels, look: Look, points: Points) -> Members:
    """The superpixels under a line, as far as it is on the photo.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    look : Look
    points : sequence of (x, y)

    Returns
    -------
    bool ndarray, shape (n,)

    Raises
    ------
    ValueError
        If all points lie outside.
    """
    under = np.zeros(look.n_superpixels, bool)
    under[superpixels_under_line(labels, within_photo(points, look))] = True
    return under


def within_photo(points: Points, look: Look) -> Numbers:
    """Points, those outside of the photo moved to its edge: a hand that draws goes beyond it.

    Parameters
    ----------
    points : sequence of (x, y)
    look : Look

    Returns
    -------
    float64 ndarray, shape (k, 2)

    Raises
    ------
    ValueError
        If all lie outside.
    """
    coordinates, size = np.asarray(points, np.float64), np.array([look.width, look.height], np.float64)
    if not ((coordinates >= 0) & (coordinates < size)).all(axis=1).any():
        raise ValueError("The gesture lies outside of the photo.")
    clipped: Numbers = np.clip(coordinates, 0, np.nextafter(size, 0))
    return clipped


def _shown_by_box(labels: Labels, look: Look, points: Points) -> Shown:
    """A box holds the object, and most of what is in its middle belongs to it."""
    corners, size = np.asarray(points, np.float64), np.array([look.width, look.height], np.float64)
    low, high = np.clip(corners.min(axis=0), 0, size), np.clip(corners.max(axis=0), 0, size)
    if (high <= low).any():
        raise ValueError("The box holds nothing of the photo.")
    mask = polygon_mask([tuple(low), (high[0], low[1]), tuple(high), (low[0], high[1])], look.height, look.width)
    allowed = _mostly_in(labels, look, mask, (low + high) / 2)
    radius = np.sqrt((((look.centres - (low + high) / 2) / ((high - low) / 2)) ** 2).sum(axis=1))
    middles = [allowed & (radius <= share) for share in MIDDLES_OF_BOX]
    prior = np.where(allowed, PRIOR_OF_BOX * (1 - radius), 0.0)
    likely = tuple(middle if middle.any() else allowed for middle in middles)
    near, drawn = _nearness(look, low, high), Drawn(low, high, high - low)
    return Shown(np.zeros_like(allowed), ~allowed, likely, prior, near, drawn=drawn)


def _shown_by_loop(labels: Labels, look: Look, points: Points) -> Shown:
    """A loop holds the object, more closely than a box."""
    corners, size = np.asarray(points, np.float64), np.array([look.width, look.height], np.float64)
    if not ((corners >= 0) & (corners <= size)).all(axis=1).any():
        raise ValueError("The gesture lies outside of the photo.")
    corners = np.clip(corners, 0, size)
    middle = corners.mean(axis=0)
    allowed = _mostly_in(labels, look, polygon_mask(corners, look.height, look.width), middle)
    prior = np.where(allowed, PRIOR_OF_LOOP, 0.0)
    low, high = corners.min(axis=0), corners.max(axis=0)
    drawn = Drawn(low, high, np.maximum(high - low, 1.0))
    return Shown(np.zeros_like(allowed), ~allowed, (allowed,), prior, _nearness(look, low, high), drawn=drawn)


def _shown_by_stroke(labels: Labels, look: Look, points: Points) -> Shown:
    """A stroke runs through the object, which is not much wider than the stroke is long."""
    line = within_photo(points, look)
    under = under_line(labels, look, points)
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    return _shown_along(look, under, length, line.min(axis=0), line.max(axis=0))


def shown_by_part(look: Look, part: Members) -> Shown:
    """What a part of an object says: as a stroke through it would that is twice as long as the part is wide.

    Parameters
    ----------
    look : Look
    part : bool ndarray, shape (n,)
        Not empty.

    Returns
    -------
    Shown
    """
    half = np.sqrt(look.areas[part])[:, None] / 2
    low, high = (look.centres[part] - half).min(axis=0), (look.centres[part] + half).max(axis=0)
    return _shown_along(look, part, 2 * float(np.sqrt(look.areas[part].sum())), low, high)


def _shown_along(look: Look, under: Members, length: float, low: Numbers, high: Numbers) -> Shown:
    length = max(length, SHORTEST_STROKE * float(np.hypot(look.width, look.height)))
    reach = REACH_OF_STROKE * length
    distance = distances_from(look, under)
    prior = PRIOR_OF_STROKE * np.maximum(1 - distance / reach, FARTHEST)
    # What is beside the stroke is no example of what is around the object.
    near = np.minimum(distance / reach, 1) * _nearness(look, low - length, high + length)
    drawn = Drawn(low, high, np.array([length, length]))
    return Shown(under, np.zeros_like(under), (under,), prior, near, clip=CLIP_OF_STROKE, drawn=drawn)


def _shown_by_members(look: Look, members: Members, inside: Members) -> Shown:
    """Superpixels that are most of the object, or a part of it."""
    centres = look.centres[members]
    prior = np.where(members, PRIOR_OF_NODE, -PRIOR_OF_NODE)
    near = _nearness(look, centres.min(axis=0), centres.max(axis=0)) if members.any() else np.ones(len(members))
    return Shown(inside, np.zeros_like(inside), (members,), prior, near)


def _mostly_in(labels: Labels, look: Look, mask: Mask, middle: Numbers) -> Members:
    """The superpixels that lie more than half in a mask, or, of a mask that holds none, the one in its middle."""
    members: Members = 2 * np.bincount(labels[mask], minlength=look.n_superpixels) > look.areas
    if not members.any():
        x, y = np.minimum(middle, (look.width - 1, look.height - 1)).astype(int)
        members[labels[y, x]] = True
    return members


def _nearness(look: Look, low: Numbers, high: Numbers) -> Numbers:
    """How near superpixels are to a box, beside its size: 1 within it, falling to 0."""
    beyond = np.sqrt((np.maximum(np.maximum(low - look.centres, look.centres - high), 0) ** 2).sum(axis=1))
    nearness: Numbers = np.exp(-beyond / (SURROUNDINGS * max(float((high - low).max()), 1.0)))
    return nearness
