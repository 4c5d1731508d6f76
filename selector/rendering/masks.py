"""Pixels of a selection: masks, boxes, and small bit masks to be stored."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels, Mask

Box: TypeAlias = tuple[int, int, int, int]

MASK_SIDE = 64
# Samples along each side of a cell of a bit mask.
SAMPLES = 4


# Masks and boxes


def region_mask(labels: Labels, selected: Mask) -> Mask:
    """The pixels of the selected superpixels: bool ``(H, W)``."""
    return selected.take(labels)


def bounding_box(labels: Labels, selected: Mask) -> Box | None:
    """The smallest ``(x0, y0, x1, y1)`` around the selection, ends excluded; None if it is empty."""
    return mask_box(region_mask(labels, selected))


def mask_box(mask: Mask) -> Box | None:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def mask_bits(labels: Labels, selected: Mask, side: int = MASK_SIDE) -> bytes:
    """A region as a bit mask of the whole image stretched to a small square: ``side * side / 8`` bytes.

    A cell is set when at least half of the 4 x 4 points sampled in it lie in the region: a tenth of the time
    of averaging all pixels, and no visible difference. A region too thin to fill half of any cell keeps every
    cell it touches, so that what matched is never shown as nothing.

    See Also
    --------
    mask_from_bits, highlight_png
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
    """Read what `mask_bits` wrote: bool ``(side, side)``; ValueError when the length is wrong."""
    if 8 * len(bits) != side * side:
        raise ValueError(f"A bit mask of side {side} has {side * side // 8} bytes, not {len(bits)}.")
    return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(side, side).view(bool)


def sample_positions(length: int, count: int) -> npt.NDArray[np.intp]:
    """The pixels under the middles of `count` equal parts of a side."""
    return (2 * np.arange(count) + 1) * length // (2 * count)


def _touched_cells(mask: Mask, side: int) -> Mask:
    cells = np.zeros((side, side), bool)
    rows, columns = np.nonzero(mask)
    cells[rows * side // mask.shape[0], columns * side // mask.shape[1]] = True
    return cells
