"""Masks as the site writes them: runs of pixels column by column, packed into letters as COCO's tools do it.

References
----------
Lin et al., "Microsoft COCO: common objects in context", ECCV 2014; the letters are those of its mask interface.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
# A letter carries five bits, and a sixth that says whether another follows; letters begin at "0".
BITS, MORE, SIGN, FIRST_LETTER = 5, 32, 16, 48


class Rle(TypedDict):
    """A packed mask: its height and width, and the lengths of its runs."""

    size: list[int]
    counts: str


def encode(mask: npt.ArrayLike) -> Rle:
    """Pack a mask.

    Parameters
    ----------
    mask : array_like, shape (H, W)
        What is not zero belongs to it.

    Returns
    -------
    dict
        `size`, height and width; `counts`, text.

    Raises
    ------
    ValueError
        If it is not of two dimensions.

    Examples
    --------
    >>> encode([[False, True], [False, True]])
    {'size': [2, 2], 'counts': '22'}
    """
    array = np.asarray(mask) != 0
    if array.ndim != 2:
        raise ValueError(f"a mask has two dimensions, not {array.ndim}")
    height, width = array.shape
    return {"size": [int(height), int(width)], "counts": _letters(_runs(array.ravel(order="F")))}


def decode(rle: Rle | dict[str, Any]) -> Mask:
    """Unpack a mask: bool (H, W).

    Raises
    ------
    ValueError
        If its runs do not fill it.

    Examples
    --------
    >>> decode({"size": [2, 2], "counts": "22"}).tolist()
    [[False, True], [False, True]]
    """
    height, width = rle["size"]
    runs = _numbers(rle["counts"])
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        raise ValueError(f"these runs do not fill a mask of {height} x {width}")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(height, width, order="F")


def _runs(flat: Mask) -> list[int]:
    """The lengths of runs: first of what is outside, which may be none, then in turn."""
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs: list[int] = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return [0, *runs] if flat.size and flat[0] else runs


def _letters(runs: list[int]) -> str:
    letters = []
    for place, run in enumerate(runs):
        # From the third on, what differs from the run before the last.
        number = run - runs[place - 2] if place > 2 else run
        more = True
        while more:
            bits = number & (MORE - 1)
            number >>= BITS
            more = number != (-1 if bits & SIGN else 0)
            letters.append(chr(FIRST_LETTER + bits + (MORE if more else 0)))
    return "".join(letters)


def _numbers(letters: str) -> list[int]:
    runs: list[int] = []
    number = shift = 0
    for letter in letters:
        bits = ord(letter) - FIRST_LETTER
        number |= (bits & (MORE - 1)) << shift
        shift += BITS
        if bits & MORE:
            continue
        if bits & SIGN:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    return runs
