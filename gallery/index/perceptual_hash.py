"""A hash of an image as a whole, nearly the same for a copy that was saved again or resized."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Hashes: TypeAlias = npt.NDArray[np.int64]

SIDE = 32
STRUCTURE_BITS = 40
# Measured on 74 photographs saved again at JPEG quality 40 to 85 or at 30% to 75% of their size: no copy differed by
# more bits or levels than these; two different photographs differ by at least 4 bits, crops and mirrored ones by 14.
MOST_BITS, MOST_LEVELS = 2, 2

# Places of the lowest frequencies along the diagonals, without the mean.
_DIAGONALS = sorted((i + j, i, j) for i in range(SIDE) for j in range(SIDE) if i + j)[:STRUCTURE_BITS]
_ROWS, _COLUMNS = np.array([(i, j) for _, i, j in _DIAGONALS]).T


def perceptual_hash(rgb: npt.NDArray[np.uint8]) -> int:
    """Hash an image: 40 bits of structure, and the mean colour in three bytes.

    The structure is that of pHash: whether each of the lowest frequencies of a discrete cosine transform of the luma,
    reduced to 32 x 32, is above their median. The mean colour (Y, Cb, Cr) is added because images that differ in
    colour alone are different images in a search by colour.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.

    Returns
    -------
    int
        64 bits, as a signed number, which fits into a column of the database.

    References
    ----------
    Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.

    Examples
    --------
    >>> perceptual_hash(np.zeros((4, 4, 3), np.uint8)) & 0xFFFFFF == 0x008080
    True
    """
    return hash_of_planes(reduced(rgb))


def reduced(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Reduce an image, whatever its shape, to a square of luma and two colour differences.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
        sRGB image.

    Returns
    -------
    uint8 ndarray, shape (32, 32, 3)
        Y, Cb and Cr.
    """
    return np.asarray(Image.fromarray(rgb).convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BOX))


def hash_of_planes(planes: npt.NDArray[np.uint8]) -> int:
    """Hash an image that is reduced already: the same as `perceptual_hash` of the image.

    Parameters
    ----------
    planes : uint8 ndarray, shape (32, 32, 3)
        From `reduced`.

    Returns
    -------
    int
        64 bits, as a signed number.
    """
    # Not above: a process that hashes nothing starts sooner without it.
    from scipy.fft import dctn

    waves = dctn(planes[..., 0].astype(np.float64), norm="ortho")[_ROWS, _COLUMNS]
    structure = np.packbits(waves > np.median(waves)).tobytes()
    colour = planes.mean(axis=(0, 1)).round().astype(np.uint8).tobytes()
    return int.from_bytes(structure + colour, signed=True)


def alike(hashes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Compare images by their hashes.

    Parameters
    ----------
    hashes : integer ndarray, shape (k,)
        From `perceptual_hash`.

    Returns
    -------
    bool ndarray, shape (k, k)
        Whether two images are copies of each other: `MOST_BITS` and `MOST_LEVELS` are the limits.

    Examples
    --------
    >>> alike([7 << 24, 6 << 24, 9 << 30])
    array([[ True,  True, False],
           [ True,  True, False],
           [False, False,  True]])
    """
    octets = np.ascontiguousarray(np.asarray(hashes, ">i8")).view(np.uint8).reshape(-1, 8)
    n_bytes = STRUCTURE_BITS // 8
    structure = np.zeros_like(octets)
    structure[:, :n_bytes] = octets[:, :n_bytes]
    words = structure.view(np.uint64).ravel()
    same: npt.NDArray[np.bool_] = np.bitwise_count(words[:, None] ^ words) <= MOST_BITS
    for level in octets[:, n_bytes:].astype(np.int16).T:
        same &= np.abs(level[:, None] - level) <= MOST_LEVELS
    return same


def folded(hashes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Fold copies: find for each image the earlier one that it is a copy of.

    Parameters
    ----------
    hashes : integer or object, shape (k,)
        Of images, best first; None where an image has no hash yet.

    Returns
    -------
    intp ndarray, shape (k,)
        The row of the first image of which this one is a copy; its own row for all other images. No image is folded
        under one that is folded itself.

    Examples
    --------
    >>> folded(np.array([7 << 24, 9 << 30, None, 7 << 24], object))
    array([0, 1, 2, 0])
    """
    leads = np.arange(len(hashes))
    known = np.array([row for row, value in enumerate(hashes) if value is not None], np.intp)
    if len(known) < 2:
        return leads
    same = alike(np.array([hashes[row] for row in known], np.int64))
    for row in np.flatnonzero(same.sum(axis=1) > 1):
        if leads[known[row]] == known[row]:
            copies = known[same[row]]
            free = copies[(leads[copies] == copies) & (copies > known[row])]
            leads[free] = known[row]
    return leads
