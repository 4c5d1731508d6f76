"""Whether a picture shows the very thing that was selected: do keypoints of both lie in the same way to each other?

Each match of two keypoints says by itself how the thing would have been moved, turned and scaled. All of these are
tried, so that the answer does not depend on chance, as samples of matches would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gallery.descriptors.keypoints import MOST_ASKED, Keypoints, keypoints_of
from selector.arrays import Floats, Mask, Rgb

RATIO = 0.85
"""A keypoint is matched to the nearest one, unless the next one is nearly as near: Lowe's ratio of the distances."""

MOST_SCALED = 8.0
"""How many times larger or smaller the thing may be."""

# A match agrees with another where it lies as that says, to this share of the extent of the selection, or to a few
# pixels; and where it is scaled and turned about the same.
TOLERANCE, LEAST_PIXELS = 0.05, 3.0
SAME_SCALE, SAME_ANGLE = np.log(2.0), np.pi / 6
# From so many matches on, they are fitted by an affine map, within a part of the tolerance.
ENOUGH_TO_FIT, FITTED = 6, 0.6

VERIFIED = 5
"""So many points that lie alike are no chance: then a hit is said to show the same thing."""

# From so many on, and up to so many, each point raises a score by so much.
COUNTED, MOST_COUNTED, EACH = 4, 20, 2.0

Integers = npt.NDArray[np.intp]
Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Match:
    """Keypoints of a selection and of a picture that lie in the same way to each other.

    Attributes
    ----------
    asked, found : float32 (m, 2)
        Where they are: x and y in each picture.
    is_mirrored : bool
        Whether the thing is seen mirrored.
    """

    asked: Floats
    found: Floats
    is_mirrored: bool = False

    def __len__(self) -> int:
        return len(self.asked)


NO_MATCH = Match(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))


@dataclass(frozen=True)
class Question:
    """The keypoints of a selection as it is and mirrored, ready to be compared.

    Attributes
    ----------
    straight, mirrored : Keypoints
        The mirrored ones are those of the mirrored photo.
    width : int
        Of the photo, in pixels.
    """

    straight: Keypoints
    mirrored: Keypoints
    width: int

    @classmethod
    def of(cls, rgb: Rgb, inside: Mask) -> Question:
        """Ask for a selection of a photo.

        Parameters
        ----------
        rgb : uint8 ndarray, shape (H, W, 3)
            The photo, in sRGB.
        inside : bool ndarray, shape (H, W)
            What is selected.

        Returns
        -------
        Question
        """
        straight = keypoints_of(rgb, inside, MOST_ASKED)
        mirrored = keypoints_of(np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(inside[:, ::-1]), MOST_ASKED)
        return cls(straight, mirrored, rgb.shape[1])

    def match(self, found: Keypoints) -> Match:
        """Return the most keypoints of a picture that lie as in the selection, or in the mirrored one.

        Parameters
        ----------
        found : Keypoints
            Of the picture.

        Returns
        -------
        Match
        """
        matches = [_match(asked, found, is_mirrored) for asked, is_mirrored in self._sides]
        straight, mirrored = matches
        if len(straight) >= len(mirrored):
            return straight
        turned = mirrored.asked * (-1, 1) + (self.width - 1, 0)
        return replace(mirrored, asked=turned.astype(np.float32))

    @property
    def _sides(self) -> tuple[tuple[Keypoints, bool], tuple[Keypoints, bool]]:
        return (self.straight, False), (self.mirrored, True)


def _match(asked: Keypoints, found: Keypoints, is_mirrored: bool) -> Match:
    if len(asked) < 2 or len(found) < 2:
        return NO_MATCH
    rows, columns = nearest_pairs(_unit(asked.descriptors), _unit(found.descriptors))
    alike = alike_placed(asked.places, found.places, rows, columns)
    return Match(asked.places[rows[alike], :2], found.places[columns[alike], :2], is_mirrored)


def nearest_pairs(asked: Floats, found: Floats) -> tuple[Integers, Integers]:
    """Match each descriptor to the nearest one, where no other is nearly as near.

    Parameters
    ----------
    asked, found : float32 (k, 128), float32 (n, 128)
        Of unit length; two or more found.

    Returns
    -------
    rows, columns : intp (m,)
        The numbers of those that belong together.
    """
    cosines = asked @ found.T
    rows = np.arange(len(asked))
    columns = cosines.argmax(axis=1)
    nearest = cosines[rows, columns]
    cosines[rows, columns] = -1
    second = cosines.max(axis=1)
    # Distances of unit vectors, squared.
    clear = 1 - nearest < RATIO**2 * (1 - second)
    return rows[clear], columns[clear]


def alike_placed(asked: Floats, found: Floats, rows: Integers, columns: Integers) -> Integers:
    """Choose, of matches, the most that lie in the same way to each other.

    Parameters
    ----------
    asked, found : float32 (k, 4), float32 (n, 4)
        Places of keypoints, as `Keypoints` has them.
    rows, columns : intp (m,)
        Which of them match.

    Returns
    -------
    intp (a,)
        Numbers of matches; no two of them are at one place in either picture.

    References
    ----------
    .. [1] J. Philbin, O. Chum, M. Isard, J. Sivic, A. Zisserman, "Object retrieval with large vocabularies and fast
           spatial matching", CVPR 2007.
    """
    if len(rows) < 2:
        return np.arange(0)
    here, there = _complex(asked[rows]), _complex(found[columns])
    # As complex numbers: a factor that turns and scales.
    factors = found[columns, 2] / asked[rows, 2] * np.exp(1j * (found[columns, 3] - asked[rows, 3]))
    scales = np.abs(factors)
    allowed = np.maximum(TOLERANCE * float(np.ptp(asked[:, :2], axis=0).sum()) * scales, LEAST_PIXELS)
    misses = np.abs(factors[:, None] * (here - here[:, None]) + there[:, None] - there)
    between = factors / factors[:, None]
    similar = (np.abs(np.log(np.abs(between))) < SAME_SCALE) & (np.abs(np.angle(between)) < SAME_ANGLE)
    agree = (misses < allowed[:, None]) & similar
    agree &= (scales > 1 / MOST_SCALED)[:, None] & (scales < MOST_SCALED)[:, None]
    best = int(agree.sum(axis=1).argmax())
    chosen = _fitted(here, there, np.flatnonzero(agree[best]), similar[best], FITTED * float(allowed[best]))
    return _apart(here, there, chosen)


def _fitted(
    here: Complex, there: Complex, chosen: Integers, similar: npt.NDArray[np.bool_], allowed: float
) -> Integers:
    """Those that lie as an affine map through the chosen ones says; the chosen ones where that has no answer."""
    if len(chosen) < ENOUGH_TO_FIT:
        return chosen
    columns = np.stack([here.real, here.imag, np.ones(len(here))], axis=1)
    wanted = np.stack([there.real, there.imag], axis=1)
    map_, _, rank, _ = np.linalg.lstsq(columns[chosen], wanted[chosen], rcond=None)
    if rank < 3 or np.linalg.det(map_[:2]) <= 0:
        return chosen
    misses = np.linalg.norm(columns @ map_ - wanted, axis=1)
    better = np.flatnonzero((misses < allowed) & similar)
    return better if len(better) >= 0.7 * len(chosen) else chosen


def _apart(here: Complex, there: Complex, chosen: Integers) -> Integers:
    """The chosen ones, one for each place in either picture: SIFT may find several directions at one."""
    _, first = np.unique(np.round(here[chosen]), return_index=True)
    chosen = chosen[np.sort(first)]
    _, first = np.unique(np.round(there[chosen]), return_index=True)
    return chosen[np.sort(first)]


def _complex(places: Floats) -> Complex:
    numbers: Complex = places[:, 0].astype(np.float64) + 1j * places[:, 1]
    return numbers


def _unit(descriptors: npt.NDArray[np.uint8]) -> Floats:
    vectors = descriptors.astype(np.float32)
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    return unit


def gain(points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return by how much points that lie alike raise the score of an image.

    Fewer than `COUNTED` happen to lie alike in unlike pictures; from there on each of them tells more than the score.

    Parameters
    ----------
    points : int (k,)

    Returns
    -------
    float64 (k,)
        In the unit of calibrated scores.

    Examples
    --------
    >>> gain([0, 3, 4, 12])
    array([ 0.,  0.,  8., 24.])
    """
    counts = np.minimum(np.asarray(points), MOST_COUNTED)
    return np.where(counts >= COUNTED, EACH * counts, 0.0)
