"""The scenes of the first hits: what images have around the thing that is looked for.

A small thing is hardly seen in the vector of a region; that it stands where such things stand is. Where the first hits
show one kind of scene, an image of that kind is ahead. Where they do not, as with one thing set into many scenes, their
scenes say nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gallery.search import scoring
from gallery.search.expansion import centred_cosines
from gallery.search.nearest import Integers
from gallery.search.rescoring import Rescored
from selector.arrays import Floats

# Hits whose scenes count; of fewer images than five times as many, the first ones are no choice.
FIRST, FEWEST = 20, 100
# How much an image is ahead whose scene is that of the first hits, where these agree wholly; chosen on one half of the
# questions, see docs/decisions/0007-a-second-look.md.
COUNTS = 50.0


def ahead_by_scene(look: Rescored, images: Integers, scores: Floats) -> Floats:
    """What is added to the score of each image for its scene, in one space: float32 (k,), 0 for all where none shows.

    Parameters
    ----------
    look : Rescored
        Of the space, which is one that is looked at around its mean.
    images : int64 (k,)
        Best first.
    scores : float32 (k,)
    """
    nothing = np.zeros(len(images), np.float32)
    if len(images) < FEWEST or not look.is_around_the_mean:
        return nothing
    wholes = _whole_images(look, images)
    known, vectors = look.vectors_of(wholes[:FIRST])
    directions = look.background.around(vectors)
    weights = _weights(scores)[known]
    if (agreement := agreement_of(directions)) <= 0 or not weights.any():
        return nothing
    weights /= weights.sum()
    scene = weights @ directions
    length = float(np.linalg.norm(scene))
    mean = look.background.mean
    toward = (scene / length).astype(np.float32)
    inner = look.products_of(wholes, toward)
    like = length * centred_cosines(inner, look.to_mean[wholes], float(toward @ mean), float(mean @ mean))
    # How like a hit is to itself is nothing that it has in common with others.
    like[known] -= weights
    ahead: Floats = (COUNTS * agreement * np.nan_to_num(like)).astype(np.float32)
    return ahead


def agreement_of(directions: Floats) -> float:
    """The mean cosine between some scenes; 0 of fewer than two.

    Parameters
    ----------
    directions : float32 ndarray, shape (k, D)
        Unit vectors from the mean.

    Examples
    --------
    >>> round(agreement_of(np.array([[1, 0], [0.6, 0.8], [1, 0]], np.float32)), 3)
    0.733
    """
    n = len(directions)
    if n < 2:
        return 0.0
    together = directions.sum(axis=0)
    return float((together @ together - (directions**2).sum()) / (n * (n - 1)))


def _weights(scores: Floats) -> npt.NDArray[np.float64]:
    """How much the scene of each of the first hits counts: by how far it is before the first that does not."""
    weights: npt.NDArray[np.float64] = np.maximum(scores[:FIRST] - scores[FIRST], 0).astype(np.float64)
    return weights


def _whole_images(look: Rescored, images: Integers) -> npt.NDArray[np.intp]:
    """The row of the largest region of each image: the whole of it."""
    there, rows = scoring.best_regions(look.regions.images, look.regions.areas.astype(np.float32))
    order = np.argsort(there)
    whole: npt.NDArray[np.intp] = rows[order][np.searchsorted(there[order], images)]
    return whole
