"""PNG layers over a photo: outlines, tints, previews and the masks of matched regions.

Layers have two or three colours, so they are written here as palette images of 1 or 2 bits a pixel. Thin lines are
smallest as the differences between rows with only runs matched (`zlib.Z_RLE`), which is ten times faster too; areas,
whose rows are mostly the row above moved a little, by deflate's search for such matches. Previews are photographs and
go through Pillow.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

Labels: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Mask: TypeAlias = npt.NDArray[np.bool_]
Colour: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[int, int, int, int]
Background: TypeAlias = Literal["white", "transparent", "dimmed"]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
CLEAR, OPAQUE = 0, 255

# A line that is seen on any photo: white, with a softer black one beside it.
LIGHT_ALPHA, DARK_ALPHA = 230, 170
# How much of the picture shows outside a highlighted region.
VEIL_ALPHA = 150
# Four pixels of stripe, four of gap: the period fills a byte, see `_stripes`.
STRIPE = 0b11110000

# Filters of PNG (ISO/IEC 15948, 9.2): a row as it is, or its difference to the row above.
NO_FILTER, ROW_ABOVE = 0, 2

MASK_SIDE = 64
# Samples along each side of a cell of a bit mask.
SAMPLES = 4


# Layers of the stage


def outline_png(labels: Labels, cut: Labels) -> bytes:
    """The borders between regions: a light line one pixel wide, a dark one beside it, clear elsewhere.

    The light line is the last pixel left of or above a border, the dark one the first pixel right of or below
    it, so that the border itself runs between the two; where they would meet, light wins.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W), the superpixel of every pixel
    cut : uint16 ndarray, shape (n,), the region of every superpixel

    Returns
    -------
    PNG of W x H pixels with a palette: 0 clear, 1 light, 2 dark.
    """
    regions = cut.take(labels)
    light, dark = np.zeros(labels.shape, bool), np.zeros(labels.shape, bool)
    right, below = regions[:, 1:] != regions[:, :-1], regions[1:] != regions[:-1]
    light[:, :-1] |= right
    light[:-1] |= below
    dark[:, 1:] |= right
    dark[1:] |= below
    indices = light.view(np.uint8) + 2 * (dark & ~light).view(np.uint8)
    return palette_png(indices, [BLACK, WHITE, BLACK], [CLEAR, LIGHT_ALPHA, DARK_ALPHA], 2)


def tint_png(labels: Labels, selected: Mask, colour: Colour, *, striped: bool = False) -> bytes:
    """The selected superpixels in one opaque colour, all else clear; the page sets the opacity.

    Without stripes it serves as a CSS mask too. With them (what is excluded) the colour comes in diagonal
    bands of four pixels, for those who cannot tell the colours apart.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    colour : red, green, blue, each 0 to 255

    Returns
    -------
    PNG of W x H pixels with 1 bit each: 0 clear, 1 `colour`.
    """
    packed = np.packbits(region_mask(labels, selected), axis=1)
    if striped:
        packed &= _stripes(len(packed))
    return _png(labels.shape, _deflated(packed, zlib.Z_DEFAULT_STRATEGY), [BLACK, colour], [CLEAR, OPAQUE], 1)


def _stripes(height: int) -> npt.NDArray[np.uint8]:
    """The byte that holds eight pixels of stripes, for each row: uint8 ``(height, 1)``.

    All bytes of a row are equal, as the stripes repeat every eight pixels; from row to row they move one
    pixel to the left.
    """
    shift = np.arange(height)[:, None] % 8
    return ((STRIPE << shift | STRIPE >> (8 - shift)) & 0xFF).astype(np.uint8)


# Previews


def preview_png(
    rgb: npt.NDArray[np.uint8],
    labels: Labels,
    selected: Mask,
    *,
    background: Background = "white",
    crop: bool = False,
    padding: float = 0.0,
    long_side: int | None = None,
) -> bytes:
    """The selected portion of a photo as a picture of its own.

    Parameters
    ----------
    rgb : uint8 ndarray, shape (H, W, 3)
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    background : "white", "transparent" (the colours under it are wiped, too), or "dimmed": the rest of the
        photo at a quarter of its brightness
    crop : only the bounding box of the selection; everything when nothing is selected
    padding : with `crop`, this share of the box's longer side is added on each side, as far as the photo goes
    long_side : shrink the picture, never enlarge it, to have at most this many pixels on the longer side

    Returns
    -------
    RGB PNG, or RGBA with the transparent background

    Raises
    ------
    ValueError
        When the photo and the label map differ in size, or for a background that does not exist.
    """
    if rgb.shape != (*labels.shape, 3):
        raise ValueError("The photo and the label map differ in size.")
    mask = region_mask(labels, selected)
    if crop and (box := _mask_box(mask)):
        x0, y0, x1, y1 = _padded(box, padding, mask.shape)
        rgb, mask = rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1]
    picture = Image.fromarray(_composed(rgb, mask, background))
    if long_side is not None:
        picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _composed(rgb: npt.NDArray[np.uint8], mask: Mask, background: Background) -> npt.NDArray[np.uint8]:
    if background not in get_args(Background):
        raise ValueError(f"Unknown background {background!r}.")
    if background == "transparent":
        alpha = np.where(mask, np.uint8(OPAQUE), np.uint8(CLEAR))
        return np.dstack([np.where(mask[..., None], rgb, np.uint8(0)), alpha])
    elsewhere = np.uint8(255) if background == "white" else rgb >> 2
    return np.where(mask[..., None], rgb, elsewhere)


def _padded(box: Box, padding: float, shape: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = box
    more = round(padding * max(x1 - x0, y1 - y0))
    height, width = shape
    return max(0, x0 - more), max(0, y0 - more), min(width, x1 + more), min(height, y1 + more)


# Masks and boxes


def region_mask(labels: Labels, selected: Mask) -> Mask:
    """The pixels of the selected superpixels: bool ``(H, W)``."""
    return selected.take(labels)


def bounding_box(labels: Labels, selected: Mask) -> Box | None:
    """The smallest ``(x0, y0, x1, y1)`` around the selection, ends excluded; None if it is empty."""
    return _mask_box(region_mask(labels, selected))


def _mask_box(mask: Mask) -> Box | None:
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
    rows, columns = (_sample_positions(length, side * SAMPLES) for length in labels.shape)
    samples = selected.take(labels[rows[:, None], columns])
    counts = samples.reshape(side, SAMPLES, side, SAMPLES).sum(axis=(1, 3))
    cells = 2 * counts >= SAMPLES**2
    if not cells.any():
        cells = _touched_cells(region_mask(labels, selected), side)
    return np.packbits(cells).tobytes()


def mask_from_bits(bits: bytes, side: int = MASK_SIDE) -> Mask:
    """Read what `mask_bits` wrote: bool ``(side, side)``; ValueError when the length is wrong."""
    if 8 * len(bits) != side * side:
        raise ValueError(f"A bit mask of side {side} has {side * side // 8} bytes, not {len(bits)}.")
    return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(side, side).view(bool)


def highlight_png(bits: bytes, width: int, height: int) -> bytes:
    """A matched region over a thumbnail: a dark veil outside it, a light line around it, clear inside.

    Parameters
    ----------
    bits : what `mask_bits` wrote for the default side
    width, height : the size of the thumbnail

    Returns
    -------
    PNG of ``width`` x ``height`` pixels with a palette: 0 veil, 1 clear, 2 light. The line is the outermost
    pixel of the region; along the frame of the picture there is none.
    """
    small = Image.fromarray(mask_from_bits(bits).view(np.uint8) * np.uint8(255))
    return _veil_png(np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) >= 128)


def portion_highlight_png(labels: Labels, selected: Mask, width: int, height: int) -> bytes:
    """Selected superpixels over a thumbnail, in the look of `highlight_png` but exact.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    selected : bool ndarray, shape (n,)
    width, height : the size of the thumbnail
    """
    rows, columns = _sample_positions(labels.shape[0], height), _sample_positions(labels.shape[1], width)
    return _veil_png(selected.take(labels[rows[:, None], columns]))


def _veil_png(inside: Mask) -> bytes:
    line = inside & ~_eroded(inside)
    indices = inside.view(np.uint8) + line.view(np.uint8)
    return palette_png(indices, [BLACK, BLACK, WHITE], [VEIL_ALPHA, CLEAR, LIGHT_ALPHA], 2)


def _sample_positions(length: int, count: int) -> npt.NDArray[np.intp]:
    """The pixels under the middles of `count` equal parts of a side."""
    return (2 * np.arange(count) + 1) * length // (2 * count)


def _touched_cells(mask: Mask, side: int) -> Mask:
    cells = np.zeros((side, side), bool)
    rows, columns = np.nonzero(mask)
    cells[rows * side // mask.shape[0], columns * side // mask.shape[1]] = True
    return cells


def _eroded(mask: Mask) -> Mask:
    """The pixels whose four neighbours are set as well; beyond the frame everything counts as set."""
    framed = np.pad(mask, 1, constant_values=True)
    return mask & framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]


# The PNG format (ISO/IEC 15948)


def palette_png(
    indices: npt.NDArray[np.uint8], palette: Sequence[Colour], alphas: Sequence[int], bit_depth: Literal[1, 2]
) -> bytes:
    """Encode an image of a few colours, most of them in thin lines.

    Parameters
    ----------
    indices : uint8 ndarray, shape (H, W), values below the length of the palette
    palette, alphas : the colour of each index and its opacity, 0 (clear) to 255
    bit_depth : 1 for up to two colours, 2 for up to four

    Raises
    ------
    ValueError
        When the palette does not fit the depth or an index does not fit the palette.
    """
    if not len(palette) == len(alphas) <= 2**bit_depth or indices.max() >= len(palette):
        raise ValueError("Indices, palette and bit depth do not fit together.")
    packed = np.packbits(indices.view(bool), axis=1) if bit_depth == 1 else _packed_pairs(indices)
    differences = np.diff(packed, axis=0, prepend=np.zeros((1, packed.shape[1]), np.uint8))
    return _png(indices.shape, _deflated(differences, zlib.Z_RLE, ROW_ABOVE), palette, alphas, bit_depth)


def _packed_pairs(indices: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Four indices of two bits in a byte, the leftmost highest.

    Four indices are read as one little-endian word; one multiplication brings all their bits together in its
    highest byte, without carries, since no two of them meet in one place.
    """
    height, width = indices.shape
    padded = np.zeros((height, (width + 3) // 4 * 4), np.uint8)
    padded[:, :width] = indices
    return (padded.view("<u4") * np.uint32(1 << 30 | 1 << 20 | 1 << 10 | 1) >> 24).astype(np.uint8)


def _deflated(rows: npt.NDArray[np.uint8], strategy: int, row_filter: int = NO_FILTER) -> bytes:
    """Compress rows of packed pixels, or of what a filter left of them; each row begins with its filter's number."""
    filtered = np.full((len(rows), 1 + rows.shape[1]), row_filter, np.uint8)
    filtered[:, 1:] = rows
    compressor = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return compressor.compress(filtered.tobytes()) + compressor.flush()


def _png(
    shape: tuple[int, ...], pixels: bytes, palette: Sequence[Colour], alphas: Sequence[int], bit_depth: int
) -> bytes:
    height, width = shape
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bit_depth, 3, 0, 0, 0)),
        (b"PLTE", bytes(value for colour in palette for value in colour)),
        (b"tRNS", bytes(alphas)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
