"""Masks as COCO writes them: runs of pixels, column by column, packed into letters.

References
----------
Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; the format is that of its API (`maskApi.c`).
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt

# Of the letters: five bits each, the sixth says that more follow, and zero is this one.
FIRST_LETTER = 48
MOST_LETTERS = 13
LARGEST_RUN = 2**32
UNFILLED = "The runs do not fill the mask."


class Rle(TypedDict):
    """A mask: its height and width, and its runs."""

    size: list[int]
    counts: str


def encode(mask: npt.NDArray[np.bool_]) -> Rle:
    """Pack a mask.

    Parameters
    ----------
    mask : bool ndarray, shape (H, W)

    Returns
    -------
    Rle
        As `pycocotools.mask.decode` takes it, with `counts` as text.

    Examples
    --------
    >>> encode(np.array([[False, True], [True, True]]))
    {'size': [2, 2], 'counts': '13'}
    """
    return Rle(size=[int(side) for side in mask.shape], counts=_letters(_runs(mask)))


def decode(rle: Rle) -> npt.NDArray[np.bool_]:
    """Unpack a mask.

    Parameters
    ----------
    rle : Rle

    Returns
    -------
    bool ndarray, shape (H, W)

    Raises
    ------
    ValueError
        If the runs do not fill the mask, or are none.
    """
    height, width = rle["size"]
    runs = _numbers(rle["counts"])
    if height < 0 or width < 0 or runs.sum() != height * width:
        raise ValueError(UNFILLED)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape((height, width), order="F")


def _runs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Lengths of the runs, column by column; the first is outside, and may be 0."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts_inside = [0] if flat.size and flat[0] else []
    edges = np.concatenate((starts_inside, [0], changes, [flat.size])).astype(np.int64)
    return edges[1:] - edges[:-1]


def _letters(runs: npt.NDArray[np.int64]) -> str:
    left = runs.copy()
    # From the fourth on, runs are told by how they differ from the one but last.
    left[3:] -= runs[1:-2]
    letters = np.zeros((len(runs), MOST_LETTERS), np.uint8)
    is_open = np.ones(len(runs), bool)
    for place in range(MOST_LETTERS):
        bits = left & 31
        left >>= 5
        more = np.where(bits & 16, left != -1, left != 0)
        letters[is_open, place] = (bits | more * 32)[is_open] + FIRST_LETTER
        is_open &= more
        if not is_open.any():
            break
    return letters[letters > 0].tobytes().decode("ascii")


def _numbers(counts: str) -> npt.NDArray[np.int64]:
    runs: list[int] = []
    value = shift = 0
    for letter in counts.encode("ascii"):
        bits = letter - FIRST_LETTER
        # Else a few letters would make a number that takes forever.
        if not 0 <= bits < 64 or shift >= 5 * MOST_LETTERS:
            raise ValueError(UNFILLED)
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            if not 0 <= runs[-1] < LARGEST_RUN:
                raise ValueError(UNFILLED)
            value = shift = 0
    return np.array(runs, np.int64)
