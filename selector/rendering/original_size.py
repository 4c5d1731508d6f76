"""The selected portion of a photo in the size of its original, in strips: little in memory but the decoded file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selector.imaging.upright_picture import UprightPicture
from selector.rendering.masks import Box
from selector.rendering.matte import Alpha
from selector.rendering.png import StripWriter
from selector.rendering.previews import Background, composed

# Pixels of a strip.
STRIP_PIXELS = 2**20


def write_portion(
    path: str,
    data: bytes,
    alpha: Alpha,
    *,
    background: Background,
    crop: bool,
    quarter_turns: int,
    **limits: int,
) -> None:
    """Write the selected portion of an image file as a PNG, in the size of the file's picture.

    Parameters
    ----------
    path : str
        Of the PNG.
    data : bytes
        The image file.
    alpha : uint8 ndarray, shape (H, W)
        How much of each pixel of a smaller copy of the upright picture is selected; between them it is interpolated.
    background, crop
        As in `selector.rendering.previews.preview_png`.
    quarter_turns : int
    **limits : int
        As in `selector.imaging.upright_picture.UprightPicture`.

    Raises
    ------
    InvalidImage
        If the file is no such picture, or too large a one.
    """
    picture = UprightPicture(data, quarter_turns=quarter_turns, **limits)
    enlarged = Enlarged(alpha, picture.size)
    x0, y0, x1, y1 = enlarged.box() if crop else (0, 0, *picture.size)
    n_rows = max(1, STRIP_PIXELS // (x1 - x0))
    with Path(path).open("wb") as file:
        png = StripWriter(file, x1 - x0, y1 - y0, 4 if background == "transparent" else 3, picture.dots_per_metre)
        for top in range(y0, y1, n_rows):
            below = min(top + n_rows, y1)
            box = (x0, top, x1, below)
            png.write(composed(picture.pixels(box), enlarged.pixels(box), background))
        png.finish()


class Enlarged:
    """An alpha channel in the size of a larger picture, between its pixels interpolated, a part at a time.

    Parameters
    ----------
    alpha : uint8 ndarray, shape (H, W)
    size : (width, height)
        Of the larger picture.
    """

    def __init__(self, alpha: Alpha, size: tuple[int, int]) -> None:
        self._alpha = alpha
        self._columns, self._rows = (_between(*lengths) for lengths in zip(alpha.shape[::-1], size, strict=True))

    def box(self) -> Box:
        """The smallest box around all that is not clear; all of it if nothing is there."""
        across, down = (
            np.flatnonzero(_blended(np.any(self._alpha, axis=axis).astype(np.float32), places) > 0)
            for axis, places in ((0, self._columns), (1, self._rows))
        )
        if not across.size:
            return 0, 0, len(self._columns[0]), len(self._rows[0])
        return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1

    def pixels(self, box: Box) -> Alpha:
        """The pixels in a box.

        Parameters
        ----------
        box : (x0, y0, x1, y1)
            In pixels of the larger picture, the ends x1 and y1 excluded.

        Returns
        -------
        uint8 ndarray, shape (y1 - y0, x1 - x0)
        """
        x0, y0, x1, y1 = box
        before, after, share = _part(self._rows, y0, y1)
        first = before[0]
        rows = self._alpha[first : after[-1] + 1]
        if rows.min() == rows.max():
            return np.full((y1 - y0, x1 - x0), rows[0, 0])
        across = _blended(rows.T.astype(np.float32), _part(self._columns, x0, x1)).T
        blended = _blended(across, (before - first, after - first, share))
        return (blended + np.float32(0.5)).astype(np.uint8)


Places: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]
"""Between which two pixels of a side each of a longer one lies, and how much of the second it has."""


def _between(length: int, enlarged: int) -> Places:
    positions = np.clip((np.arange(enlarged) + 0.5) * length / enlarged - 0.5, 0, length - 1)
    before = positions.astype(np.intp)
    return before, np.minimum(before + 1, length - 1), (positions - before).astype(np.float32)


def _part(places: Places, begin: int, end: int) -> Places:
    before, after, share = places
    return before[begin:end], after[begin:end], share[begin:end]


def _blended(values: npt.NDArray[np.float32], places: Places) -> npt.NDArray[np.float32]:
    """Values at places between them, along the first axis."""
    before, after, share = places
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    first = values[before]
    first += (values[after] - first) * share
    return first
