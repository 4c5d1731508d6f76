"""The selected portion of a photo in the size of its original, in strips: little in memory but the decoded file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from selector.arrays import Labels, Mask, Members
from selector.imaging.upright_picture import UprightPicture
from selector.rendering.masks import Box, region_mask
from selector.rendering.png import StripWriter
from selector.rendering.previews import Background, composed

# Pixels of a strip.
STRIP_PIXELS = 2**20


def write_portion(
    path: str,
    data: bytes,
    labels: Labels,
    selected: Members,
    *,
    background: Background,
    crop: bool,
    quarter_turns: int,
    **limits: int,
) -> None:
    """Write the selected portion of an image file as a PNG, in the size of the file's picture.

    Each pixel belongs to the superpixel of the nearest pixel in the label map.

    Parameters
    ----------
    path : str
        Of the PNG.
    data : bytes
        The image file.
    labels : uint16 ndarray, shape (H, W)
        Of a smaller copy of the upright picture.
    selected : bool ndarray, shape (n,)
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
    mask = region_mask(labels, selected)
    columns, rows = (_nearest(*lengths) for lengths in zip(mask.shape[::-1], picture.size, strict=True))
    x0, y0, x1, y1 = _box(mask, columns, rows) if crop else (0, 0, *picture.size)
    n_rows = max(1, STRIP_PIXELS // (x1 - x0))
    with Path(path).open("wb") as file:
        png = StripWriter(file, x1 - x0, y1 - y0, 4 if background == "transparent" else 3, picture.dots_per_metre)
        for top in range(y0, y1, n_rows):
            below = min(top + n_rows, y1)
            strip = mask[rows[top:below, None], columns[x0:x1]]
            png.write(composed(picture.pixels((x0, top, x1, below)), strip, background))
        png.finish()


def _nearest(length: int, enlarged: int) -> npt.NDArray[np.intp]:
    """The nearest pixel for each pixel of an enlarged side: intp ``(enlarged,)``."""
    # Rounded as Pillow rounds when it enlarges an array of labels.
    positions = Image.fromarray(np.arange(length, dtype=np.uint16)[None])
    return np.asarray(positions.resize((enlarged, 1), Image.Resampling.NEAREST), np.intp).ravel()


def _box(mask: Mask, columns: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> Box:
    """The box around an enlarged mask; all of it if it is empty."""
    across = np.flatnonzero(np.any(mask, axis=0)[columns])
    down = np.flatnonzero(np.any(mask, axis=1)[rows])
    if not across.size:
        return 0, 0, len(columns), len(rows)
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1
