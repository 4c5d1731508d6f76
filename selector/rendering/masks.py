"""Pixels of a selection: masks, boxes, and small bit masks to be stored."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Mask, Members

Box: TypeAlias = tuple[int, int, int, int]
"""The pixels ``x0 <= x < x1``, ``y0 <= y < y1``, as (x0, y0, x1, y1)."""

# Cells along each side of a bit mask.
MASK_SIDE = 64
# Samples along each side of a cell of a bit mask.
SAMPLES = 4


def region_mask(labels: Labels, selected: Members) -> Mask:
    """The pixels of the selected superpixels.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)

    Returns
    -------
    bool ndarray, shape (H, W)
    """
    return selected.take(labels)


def mask_box(mask: Mask) -> Box | None:
    """The smallest box around the pixels of a mask.

    Parameters
    ----------
    mask : bool ndarray, shape (H, W)

    Returns
    -------
    (x0, y0, x1, y1) or None
        In pixels, the ends x1 and y1 excluded; None if no pixel is set.

    Examples
    --------
    >>> import numpy as np
    >>> mask_box(np.array([[False, True, True], [False, False, False]]))
    (1, 0, 3, 1)
    """
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def mask_bits(labels: Labels, selected: Members, side: int = MASK_SIDE) -> bytes:
    """A region as a small bit mask: the whole image stretched to a square of cells.

    A cell is set when at least half of the 4 x 4 points sampled in it lie in the region: a tenth of the time
    of averaging all pixels, and no visible difference. A region too thin to fill half of any cell keeps every
    cell it touches, so that what matched is never shown as nothing.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    side : int, optional
        Cells along each side of the square, a multiple of 4.

    Returns
    -------
    bytes
        A bit a cell, row by row: `side` * `side` / 8 bytes.

    See Also
    --------
    mask_from_bits, selector.rendering.highlights.highlight_png
    """
    rows, columns = (sample_positions(length, side * SAMPLES) for length in labels.shape)
    samples = selected.take(labels[rows[:, None], columns])
    # In bytes, and along one axis after the other: a quarter of the time of both at once.
    by_row = samples.view(np.uint8).reshape(side, SAMPLES, side * SAMPLES).sum(axis=1, dtype=np.uint8)
    counts = by_row.reshape(side, side, SAMPLES).sum(axis=2, dtype=np.uint8)
    cells = 2 * counts >= SAMPLES**2
    if not cells.any():
        cells = _touched_cells(region_mask(labels, selected), side)
    return np.packbits(cells).tobytes()


def mask_from_bits(bits: bytes, side: int = MASK_SIDE) -> Mask:
    """The mask that `mask_bits` wrote.

    Parameters
    ----------
    bits : bytes
    side : int, optional

    Returns
    -------
    bool ndarray, shape (side, side)

    Raises
    ------
    ValueError
        If the number of bytes is not that of the side.
    """
    if 8 * len(bits) != side * side:
        raise ValueError(f"A bit mask of side {side} has {side * side // 8} bytes, not {len(bits)}.")
    return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(side, side).view(bool)


def sample_positions(length: int, count: int) -> npt.NDArray[np.intp]:
    """The pixels under the middles of equal parts of a side.

    Parameters
    ----------
    length : int
        Of the side, in pixels.
    count : int
        How many parts.

    Returns
    -------
    intp ndarray, shape (count,)

    Examples
    --------
    >>> sample_positions(12, 3)
    array([ 2,  6, 10])
    """
    return (2 * np.arange(count) + 1) * length // (2 * count)


def _touched_cells(mask: Mask, side: int) -> Mask:
    """The cells of a square of `side` x `side` in which at least one pixel of the mask lies."""
    cells = np.zeros((side, side), bool)
    rows, columns = np.nonzero(mask)
    cells[rows * side // mask.shape[0], columns * side // mask.shape[1]] = True
    return cells
