"""Pictures reduced to 32 x 32: all that is stored to find copies of a picture, cropped and mirrored ones, too."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gallery.index.perceptual_hash import MOST_BITS, SIDE, STRUCTURE_BITS

Planes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

# Of a vector: 8 x 8 of luma, 2 x 2 of each colour difference.
LUMA, COLOUR = 8, 2
DIMENSIONS = LUMA * LUMA + 2 * COLOUR * COLOUR
# A crop is looked for with sides of these lengths, at steps of STEP; what is compared has FINE pixels a side.
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)
STEP = 0.05
FINE, COARSE = 16, 8
# Grey levels that are added to the contrast of a picture: where it has none, noise is not taken for its content.
FLAT = 3.0


def mirrored(planes: Planes) -> Planes:
    """Change right and left over.

    Parameters
    ----------
    planes : uint8 ndarray, shape (32, 32, 3)

    Returns
    -------
    uint8 ndarray, shape (32, 32, 3)
    """
    return np.ascontiguousarray(planes[:, ::-1])


def vector_of(planes: Planes) -> Floats:
    """Describe a picture by a vector near to those of its copies: what is where, whatever the contrast.

    Parameters
    ----------
    planes : uint8 ndarray, shape (32, 32, 3)

    Returns
    -------
    float32 ndarray, shape (DIMENSIONS,)

    Examples
    --------
    >>> vector_of(np.zeros((32, 32, 3), np.uint8)).shape
    (72,)
    """
    luma = _coarse(planes[..., 0].astype(np.float32), LUMA)
    luma -= luma.mean()
    luma /= np.sqrt((luma**2).mean()) + FLAT
    colour = [_coarse(planes[..., plane].astype(np.float32), COLOUR).ravel() - 128 for plane in (1, 2)]
    vector: Floats = np.concatenate([luma.ravel(), *(part / 16 for part in colour)]).astype(np.float32)
    return vector / np.float32(np.sqrt(DIMENSIONS))


def bands_of(image_hash: int) -> list[int]:
    """Parts of the structure of a perceptual hash: of two hashes that are alike, one part at least is the same.

    There is a part more than bits that may differ. Each is marked with which part it is.

    Examples
    --------
    >>> bands_of(0)
    [0, 16384, 32768]
    """
    structure = image_hash >> (64 - STRUCTURE_BITS) & (1 << STRUCTURE_BITS) - 1
    n_bits = -(-STRUCTURE_BITS // (MOST_BITS + 1))
    parts = range(MOST_BITS + 1)
    return [part << n_bits | structure >> part * n_bits & (1 << n_bits) - 1 for part in parts]


def _coarse(plane: Floats, side: int) -> Floats:
    step = SIDE // side
    means: Floats = plane.reshape(side, step, side, step).mean(axis=(1, 3))
    return means


@cache
def _windows(fine: int) -> Floats:
    """Matrices that cut each window out of a row of 32 pixels and resample it: float32 (w, fine, 32)."""
    spans = [(start, start + share) for share in SHARES for start in np.arange(0, 1 - share + 1e-6, STEP)]
    pixels = np.arange(SIDE)
    matrices = np.zeros((len(spans), fine, SIDE), np.float32)
    for matrix, span in zip(matrices, spans, strict=True):
        bounds = np.linspace(*span, fine + 1) * SIDE
        covered = np.minimum(pixels + 1, bounds[1:, None]) - np.maximum(pixels, bounds[:-1, None])
        matrix[:] = np.clip(covered, 0, None) * fine / (SIDE * (span[1] - span[0]))
    return matrices


def unlikeness(one: Planes, others: Planes, fine: int = FINE) -> Floats:
    """How far a picture is from being the same as each of others, a crop of it, or it a crop of that.

    Of all windows of the one with sides from 80% to 100%, that counts which is most like the other: by the correlation
    of luma, and the difference of mean colours.

    Parameters
    ----------
    one : uint8 ndarray, shape (32, 32, 3)
    others : uint8 ndarray, shape (k, 32, 32, 3)
    fine : int, optional
        The side of what is compared.

    Returns
    -------
    float32 ndarray, shape (k,)
        0 for the same picture, 1 for one that has nothing to do with it.
    """
    target, targets = _whole(one[None], fine), _whole(others, fine)
    return np.minimum(_best(_cut(others, fine), target), _best(_cut(one[None], fine), targets))


# Luma of windows without its mean, float32 (k, w, fine * fine), and the mean colours, float32 (k, w, 3).
Cut: TypeAlias = tuple[Floats, Floats]


def _whole(pictures: Planes, fine: int) -> Cut:
    return _resampled(pictures, _windows(fine)[:1])


def _cut(pictures: Planes, fine: int) -> Cut:
    return _resampled(pictures, _windows(fine))


def _resampled(pictures: Planes, windows: Floats) -> Cut:
    n, fine, _ = windows.shape
    rows, means = windows.reshape(n * fine, SIDE), windows.mean(axis=1)
    planes = np.moveaxis(pictures, -1, 1).astype(np.float32)
    luma = (rows @ planes[:, 0] @ rows.T).reshape(-1, n, fine, n, fine).swapaxes(2, 3).reshape(-1, n * n, fine * fine)
    colours = np.moveaxis((means @ planes @ means.T).reshape(-1, 3, n * n), 1, 2)
    return luma - colours[..., :1], colours


def _best(windows: Cut, wholes: Cut) -> Floats:
    """The unlikeness of the most alike window of each k: one of both has k, the other k or 1."""
    (luma, colours), (wanted, colour) = windows, wholes
    n_pixels = luma.shape[-1]
    products = (luma @ wanted.swapaxes(1, 2))[..., 0] / n_pixels
    contrast = np.sqrt(np.einsum("kwp,kwp->kw", luma, luma) * np.einsum("kwp,kwp->kw", wanted, wanted)) / n_pixels
    apart = np.abs(colours - colour).max(axis=2) / 255
    worst: Floats = 1 - (products + FLAT**2) / (contrast + FLAT**2) + apart
    least: Floats = worst.min(axis=1)
    return least
