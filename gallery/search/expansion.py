"""A second look at the first images: cosines around the collection's mean, and a question moved toward its first hits.

What all regions of a collection have in common says nothing about any of them; without it, what tells them apart counts
for more. And what the first hits have in common with the question is what was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from gallery.search import scoring
from selector.arrays import Floats

# Hits that the question is moved toward. More of them bring in what is only near.
FIRST_HITS = 3
WEIGHT = 1.5  # of each hit beside the question, where the hit is as the question is
# The least mean cosine, around the mean, between the first hits: where they have nothing in common, the question stays.
AGREEMENT = 0.1
# No region lies so near to the mean that its direction from there is worth something.
LEAST_LENGTH = 1e-3


@dataclass(frozen=True, eq=False)
class Background:
    """A fixed random sample of regions, in one space.

    Attributes
    ----------
    vectors : float32 ndarray, shape (b, D)
        Unit vectors.
    """

    vectors: Floats

    @cached_property
    def mean(self) -> Floats:
        """Their mean: what all regions have in common.

        Returns
        -------
        float32 ndarray, shape (D,)
        """
        if not len(self.vectors):
            return np.zeros(self.vectors.shape[1], np.float32)
        mean: Floats = self.vectors.mean(axis=0)
        return mean

    @cached_property
    def directions(self) -> Floats:
        """The directions of its vectors from their mean.

        Returns
        -------
        float32 ndarray, shape (b, D)
        """
        return self.around(self.vectors)

    def around(self, vectors: Floats) -> Floats:
        """The directions of vectors from the mean.

        Parameters
        ----------
        vectors : float32 ndarray, shape (..., D)
            Unit vectors.

        Returns
        -------
        float32 ndarray, shape (..., D)
            Unit vectors.
        """
        return unit(vectors - self.mean)


@dataclass(frozen=True, eq=False)
class Question:
    """A question in one space, as it is and around the mean.

    Attributes
    ----------
    plain, centred : float32 ndarray, shape (D,)
        Unit vectors.
    """

    plain: Floats
    centred: Floats

    @classmethod
    def of(cls, vector: Floats, background: Background) -> Question:
        """The question that a vector asks.

        Parameters
        ----------
        vector : float32 ndarray, shape (D,)
        background : Background

        Returns
        -------
        Question
        """
        plain = unit(vector)
        return cls(plain, background.around(plain))

    def products_around(
        self, inner: npt.NDArray[np.float64], to_mean: npt.NDArray[np.float64], background: Background
    ) -> npt.NDArray[np.float64]:
        """The inner products of regions with `centred`, from those with `plain`; of a question that was not moved.

        Parameters
        ----------
        inner, to_mean : float64 ndarray, shape (r,)
            Inner products of the regions with `plain`, and with the mean.
        background : Background

        Returns
        -------
        float64 ndarray, shape (r,)
        """
        length = float(np.linalg.norm(self.plain - background.mean))
        return (inner - to_mean) / max(length, LEAST_LENGTH)

    def toward(self, hits: Floats, background: Background) -> Question:
        """The question moved toward its first hits (alpha query expansion), where these agree with each other.

        Parameters
        ----------
        hits : float32 ndarray, shape (k, D)
            Unit vectors of the regions that matched. Each counts by how much it is like the question.
        background : Background

        Returns
        -------
        Question
            This one, where they do not agree.

        References
        ----------
        Radenović, Tolias, Chum, "Fine-tuning CNN image retrieval with no human annotation", 2018, section 3.2: alpha
        query expansion, here with alpha 1 and `WEIGHT`.
        """
        directions = background.around(hits)
        if not agree(directions):
            return self
        weights = WEIGHT * np.maximum(directions @ self.centred, 0)
        return Question(unit(self.plain + weights @ hits), unit(self.centred + weights @ directions))

    def scores(
        self, inner: npt.ArrayLike, inner_centred: npt.ArrayLike, to_mean: npt.ArrayLike, background: Background
    ) -> Floats:
        """The mean of two calibrated scores of regions: by the cosine, and by the cosine around the mean.

        Parameters
        ----------
        inner, inner_centred, to_mean : floating ndarray, shape (r,)
            Inner products of the regions with `plain`, with `centred`, and with the mean. nan for a region that is not
            described in the space.
        background : Background

        Returns
        -------
        float32 ndarray, shape (r,)
            In the unit of `scoring.calibrate`; nan stays nan.
        """
        mean = background.mean
        around = centred_cosines(inner_centred, to_mean, float(self.centred @ mean), float(mean @ mean))
        by_cosine = scoring.calibrate(inner, background.vectors @ self.plain)
        by_centred = scoring.calibrate(around, background.directions @ self.centred)
        return scoring.mean_over_parts([by_cosine, by_centred])


def agree(directions: Floats) -> bool:
    """Whether some hits have something in common beside what all regions have.

    Parameters
    ----------
    directions : float32 ndarray, shape (k, D)
        Unit vectors from the mean.

    Returns
    -------
    bool
        Never of fewer than two.

    Examples
    --------
    >>> agree(np.array([[1, 0], [0.8, 0.6]], np.float32)), agree(np.array([[1, 0], [0, 1]], np.float32))
    (True, False)
    """
    if len(directions) < 2:
        return False
    each_other = (directions @ directions.T)[np.triu_indices(len(directions), 1)]
    return bool(each_other.mean() >= AGREEMENT)


def centred_cosines(
    inner: npt.ArrayLike, to_mean: npt.ArrayLike, question_to_mean: float, mean_square: float
) -> npt.NDArray[np.float64]:
    """Cosines around the mean, of regions of which only inner products are known.

    Parameters
    ----------
    inner, to_mean : floating ndarray, shape (r,)
        Inner products of unit vectors with a direction from the mean, and with the mean.
    question_to_mean : float
        The inner product of that direction with the mean.
    mean_square : float
        The squared length of the mean.

    Returns
    -------
    float64 ndarray, shape (r,)

    Examples
    --------
    >>> centred_cosines([1.0, 0.0], [0.0, 0.0], 0.0, 0.0)
    array([1., 0.])
    """
    lengths = np.sqrt(np.maximum(1 - 2 * np.asarray(to_mean, np.float64) + mean_square, LEAST_LENGTH**2))
    cosines: npt.NDArray[np.float64] = (np.asarray(inner, np.float64) - question_to_mean) / lengths
    return np.clip(cosines, -1, 1)


def made_to_fall(scores: Floats) -> Floats:
    """The scores nearest to some (least squares) that never rise: those of hits whose order came from elsewhere.

    Parameters
    ----------
    scores : float32 ndarray, shape (k,)

    Returns
    -------
    float32 ndarray, shape (k,)

    Examples
    --------
    >>> made_to_fall(np.array([5, 2, 4, 1], np.float32))
    array([5., 3., 3., 1.], dtype=float32)
    """
    # Not above: a process that searches for nothing starts sooner without it.
    from scipy.optimize import isotonic_regression

    fallen: Floats = isotonic_regression(scores, increasing=False).x.astype(np.float32)
    return fallen
