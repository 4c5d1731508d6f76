"""Where in an image something is: a small vector for each cell of a grid over it.

Cells are compared after a projection that is learned on regions of the collection: along directions in which all
regions differ much, a difference says little (PCA, with half of whitening).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gallery.descriptors.pooling import unit
from selector.arrays import Floats

Bytes = npt.NDArray[np.int8]

SIDE = 14  # cells along each side of the grid, whatever the shape of the image
DIMENSIONS = 128
POWER = 0.5  # of the standard deviation along a direction, by which it is divided: 1 would whiten
LEAST_DEVIATION = 1e-3  # of the likeness over an image: all cells of an even one are alike
STEPS = 255  # of 8-bit numbers from 0 to 1; no number of a unit vector of so many dimensions is near to 1


@dataclass(frozen=True, eq=False)
class Projection:
    """From the vectors of a space to the few dimensions that cells are compared in.

    Attributes
    ----------
    mean : float32 ndarray, shape (D,)
    axes : float32 ndarray, shape (D, d)
        At most `DIMENSIONS` columns, scaled.
    """

    mean: Floats
    axes: Floats

    @classmethod
    def learn(cls, vectors: Floats) -> Projection:
        """Learn the directions in which vectors differ most.

        Parameters
        ----------
        vectors : float32 ndarray, shape (k, D)
            Unit vectors of regions of many images.

        Returns
        -------
        Projection
        """
        mean = vectors.mean(axis=0)
        _, deviations, directions = np.linalg.svd(vectors - mean, full_matrices=False)
        n = min(DIMENSIONS, int(np.count_nonzero(deviations > 1e-3 * deviations[0])))
        scaled = directions[:n].T / (deviations[:n] / deviations[0]) ** POWER
        return cls(mean.astype(np.float32), scaled.astype(np.float32))

    def apply(self, vectors: Floats) -> Floats:
        """Project vectors.

        Parameters
        ----------
        vectors : float32 ndarray, shape (..., D)

        Returns
        -------
        float32 ndarray, shape (..., d)
            Unit vectors.
        """
        return unit((unit(vectors) - self.mean) @ self.axes)

    def pack(self) -> bytes:
        """Both arrays in half precision, as `numpy.savez` writes them."""
        out = io.BytesIO()
        np.savez(out, mean=self.mean.astype(np.float16), axes=self.axes.astype(np.float16))
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> Projection:
        """The projection that `pack` made bytes of, rounded."""
        with np.load(io.BytesIO(data)) as arrays:
            return cls(arrays["mean"].astype(np.float32), arrays["axes"].astype(np.float32))


def pack_cells(cells: Floats) -> bytes:
    """Write unit vectors as 8-bit integers.

    Parameters
    ----------
    cells : float32 ndarray, shape (SIDE * SIDE, d)

    Returns
    -------
    bytes
        A byte a number, cell by cell.
    """
    return np.clip(np.rint(STEPS * cells), -127, 127).astype(np.int8).tobytes()


def squared_cosines(cells: Floats, asked: Floats) -> Floats:
    """The squared cosine of each cell with what is asked for, with its sign.

    What is fairly like it counts little beside what is much like it.

    Parameters
    ----------
    cells : float32 ndarray, shape (c, d)
        Unit vectors.
    asked : float32 ndarray, shape (d,)
        A unit vector.

    Returns
    -------
    float32 ndarray, shape (c,)

    Examples
    --------
    >>> squared_cosines(np.array([[1, 0], [-0.6, 0.8]], np.float32), np.array([1, 0], np.float32))
    array([ 1.  , -0.36], dtype=float32)
    """
    cosines = cells @ asked
    squared: Floats = cosines * np.abs(cosines)
    return squared


def likeness(cells: Floats, asked: Floats) -> Floats:
    """How like what is asked for each cell of an image is, beside its other cells.

    Parameters
    ----------
    cells : float32 ndarray, shape (c, d)
        Unit vectors.
    asked : float32 ndarray, shape (d,)
        A unit vector.

    Returns
    -------
    float32 ndarray, shape (c,)
        `squared_cosines`, of mean 0 and deviation 1, so that spaces can be added up.

    Examples
    --------
    >>> likeness(np.array([[1, 0], [0, 1]], np.float32), np.array([1, 0], np.float32))
    array([ 1., -1.], dtype=float32)
    """
    like = squared_cosines(cells, asked)
    like -= like.mean()
    like /= max(float(like.std()), LEAST_DEVIATION)
    return like


def smoothed(likeness: Floats) -> Floats:
    """The mean of each cell's likeness and of the mean likeness of those beside, above and below it.

    Parameters
    ----------
    likeness : float32 ndarray, shape (SIDE * SIDE,)

    Returns
    -------
    float32 ndarray, shape (SIDE * SIDE,)
    """
    grid = np.pad(likeness.reshape(SIDE, SIDE), 1, "edge")
    around = (grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]) / 4
    both: Floats = ((grid[1:-1, 1:-1] + around) / 2).astype(np.float32).reshape(-1)
    return both


def resampled(feature_map: npt.NDArray[np.floating]) -> Floats:
    """Bring a map to the grid by bilinear interpolation.

    Parameters
    ----------
    feature_map : floating ndarray, shape (h, w, D)

    Returns
    -------
    float32 ndarray, shape (SIDE * SIDE, D)
    """
    taken = np.asarray(feature_map, np.float32)
    for axis in (0, 1):
        length = taken.shape[axis]
        if length == SIDE:
            continue
        places = np.clip((np.arange(SIDE) + 0.5) * length / SIDE - 0.5, 0, length - 1)
        low = places.astype(np.intp)
        share = (places - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        taken = taken.take(low, axis) * (1 - share) + taken.take(np.minimum(low + 1, length - 1), axis) * share
    return taken.reshape(SIDE * SIDE, -1)
