"""A hash of what a picture looks like as a whole: the same for a copy that was saved again or resized."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.fft import dctn

Hashes: TypeAlias = npt.NDArray[np.int64]

SIDE = 32
STRUCTURE_BITS = 40
# Measured on 74 photographs saved anew at JPEG quality 40 to 85 or at 30% to 75% of their size: no copy differed by
# more bits or levels than these; two different photographs differ by at least 4 bits, crops and mirrors by 14.
MOST_BITS, MOST_LEVELS = 2, 2

# Places of the lowest frequencies along the diagonals, the mean itself left out.
_DIAGONALS = sorted((i + j, i, j) for i in range(SIDE) for j in range(SIDE) if i + j)[:STRUCTURE_BITS]
_ROWS, _COLUMNS = np.array([(i, j) for _, i, j in _DIAGONALS]).T


def perceptual_hash(rgb: npt.NDArray[np.uint8]) -> int:
    """Return 40 bits of structure and the mean colour in three bytes.

    The structure is that of pHash: whether each of the lowest frequencies of a discrete cosine transform of the luma,
    stretched to 32 x 32, is above their median (Zauner, "Implementation and benchmarking of perceptual image hash
    functions", 2010). The mean colour (Y, Cb, Cr) is there because pictures that differ in colour alone are different
    pictures to whoever searches by colour.

    Parameters
    ----------
    rgb : uint8 (H, W, 3)

    Returns
    -------
    int
        64 bits, as a signed number: a column of the database takes it.

    Examples
    --------
    >>> perceptual_hash(np.zeros((4, 4, 3), np.uint8)) & 0xFFFFFF == 0x008080
    True
    """
    small = Image.fromarray(rgb).convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BOX)
    planes = np.asarray(small, np.float64)
    waves = dctn(planes[..., 0], norm="ortho")[_ROWS, _COLUMNS]
    structure = np.packbits(waves > np.median(waves)).tobytes()
    colour = planes.mean(axis=(0, 1)).round().astype(np.uint8).tobytes()
    return int.from_bytes(structure + colour, signed=True)


def alike(hashes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return which pictures are copies of each other by their hashes: int64 (k,) -> bool (k, k)."""
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
    """Return for each picture, best first, the row of the one it is folded under: itself, or an earlier copy.

    Parameters
    ----------
    hashes : float64 or int64 or object (k,)
        None where a picture has no hash yet: it stands for itself.

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
