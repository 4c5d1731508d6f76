"""What a person's gestures say of each superpixel: settled, likely, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from selector.arrays import Labels, Members
from selector.selection.geometry import Points, polygon_mask, superpixels_under_line
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look, Numbers

PRIOR_IN_BOX = 1.0
PRIOR_OF_STROKE = 1.5
REACH_OF_STROKE = 0.45
SURROUNDINGS = 0.5


@dataclass(frozen=True, eq=False)
class Shown:
    """What gestures say of the n superpixels.

    Attributes
    ----------
    inside, outside : bool ndarray, shape (n,)
        What surely belongs to the object, and what surely does not.
    likely : bool ndarray, shape (n,)
        What to take for the object at first.
    prior : float64 ndarray, shape (n,)
        How much the place alone speaks for the object; below zero, against it.
    near : float64 ndarray, shape (n,)
        How much a superpixel counts as what the object has around it, from 0 to 1.
    """

    inside: Members
    outside: Members
    likely: Members
    prior: Numbers
    near: Numbers


def shown_first(labels: Labels, look: Look, evidence: Evidence) -> Shown:
    """What the first gesture says.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
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
    if evidence.start == "selection":
        members = evidence.members(look.n_superpixels)
        zeros = np.zeros(len(members))
        return Shown(
            np.zeros_like(members), np.zeros_like(members), members, zeros + np.where(members, 1, -1), zeros + 1
        )
    return _shown_by_stroke(labels, look, evidence.points)


def corrected(shown: Shown, labels: Labels, look: Look, evidence: Evidence) -> Shown:
    """What is shown after all corrections: of two that contradict each other the later one holds.

    Parameters
    ----------
    shown : Shown
    labels : uint16 ndarray, shape (H, W)
    look : Look
    evidence : Evidence

    Returns
    -------
    Shown
    """
    inside, outside = shown.inside.copy(), shown.outside.copy()
    for correction in evidence.corrections:
        under = superpixels_under_line(labels, within_photo(correction.points, look))
        inside[under], outside[under] = correction.add, not correction.add
    return replace(shown, inside=inside, outside=outside)


def within_photo(points: Points, look: Look) -> Points:
    """Points, those outside of the photo moved to its edge.

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
    return np.clip(coordinates, 0, np.nextafter(size, 0))


def _shown_by_box(labels: Labels, look: Look, points: Points) -> Shown:
    """A box holds the object, and most of what is in its middle belongs to it."""
    corners = np.asarray(points, np.float64)
    size = np.array([look.width, look.height], np.float64)
    low, high = np.clip(corners.min(axis=0), 0, size), np.clip(corners.max(axis=0), 0, size)
    if (high - low < 1).any():
        raise ValueError("The box holds nothing of the photo.")
    (left, top), (right, bottom) = low, high
    mask = polygon_mask([(left, top), (right, top), (right, bottom), (left, bottom)], look.height, look.width)
    held = _share(labels, look, mask)
    allowed = held >= 0.5
    if not allowed.any():
        allowed = held == held.max()
    middle, half = (low + high) / 2, (high - low) / 2
    radius = np.sqrt((((look.centres - middle) / half) ** 2).sum(axis=1))
    prior = np.where(allowed, PRIOR_IN_BOX * (1 - radius), 0.0)
    near = np.exp(-np.maximum(_beyond(look.centres, low, high) / (SURROUNDINGS * (high - low).max()), 0))
    return Shown(np.zeros_like(allowed), ~allowed, allowed, prior, near)


def _shown_by_loop(labels: Labels, look: Look, points: Points) -> Shown:
    """A loop holds the object, more closely than a box."""
    corners = np.clip(np.asarray(points, np.float64), 0, [look.width, look.height])
    held = _share(labels, look, polygon_mask(corners, look.height, look.width))
    allowed = held >= 0.5
    if not allowed.any():
        allowed = held == held.max()
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.exp(-_beyond(look.centres, low, high) / (SURROUNDINGS * max((high - low).max(), 1.0)))
    return Shown(np.zeros_like(allowed), ~allowed, allowed, np.where(allowed, 0.5, 0.0), near)


def _shown_by_stroke(labels: Labels, look: Look, points: Points) -> Shown:
    """A stroke runs through the object, which is about as large as it."""
    line = np.asarray(within_photo(points, look))
    under = np.zeros(look.n_superpixels, bool)
    under[superpixels_under_line(labels, line)] = True
    length = float(np.sqrt(((line[1:] - line[:-1]) ** 2).sum(axis=1)).sum())
    reach = REACH_OF_STROKE * max(length, 0.12 * float(np.hypot(look.width, look.height)))
    distance = _distance_to(look, under)
    prior = PRIOR_OF_STROKE * np.maximum(1 - distance / reach, -1.0)
    return Shown(under, np.zeros_like(under), under, prior, (distance > 0) * 1.0)


def _share(labels: Labels, look: Look, mask: Members) -> Numbers:
    """How much of each superpixel lies in a mask, from 0 to 1."""
    share: Numbers = np.bincount(labels[mask], minlength=look.n_superpixels) / look.areas
    return share


def _beyond(centres: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """How far points lie outside of a box, 0 within it."""
    beyond: Numbers = np.sqrt((np.maximum(np.maximum(low - centres, centres - high), 0) ** 2).sum(axis=1))
    return beyond


def _distance_to(look: Look, members: Members) -> Numbers:
    """How far the centre of each superpixel is from the nearest of some others' centres."""
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(look.centres[members]).query(look.centres)
    return np.asarray(distances, np.float64)
