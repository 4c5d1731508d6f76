"""Where the pixels of a TIFF's first page are, and what they mean: checked, before any decoder sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from selector.imaging.containers.container import INCOMPLETE, InvalidImage, damaged, ends_after
from selector.imaging.containers.jpeg import MAX_SCANS, TOO_MANY_SCANS
from selector.imaging.containers.tiff_directories import Directory

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR = 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, SUBSAMPLING = 338, 339, 347, 530
# What the samples mean beside the above: options of fax, predictor, palette, inks, and YCbCr's numbers.
MEANING: Final = (FILL_ORDER, 292, 293, 317, 320, 332, JPEG_TABLES, 529, SUBSAMPLING, 531, 532)
MAX_MEANING_BYTES: Final = 2**19

UNCOMPRESSED, JPEG = 1, 7
COMPRESSIONS: Final = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
_OTHER_COMPRESSIONS = {
    6: "an old form of JPEG",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}
_SAVE = "save it as an ordinary TIFF with 8 or 16 bits a channel, or as JPEG or PNG, and upload that"

# What decoding one strip or tile may take: its samples, its pixels, and its bytes in the file.
MAX_PIECE_BYTES: Final = 280 * 2**20
# Where that is as little as this, it does not matter how large the picture is.
MAX_SMALL_PIECE_BYTES: Final = 128 * 2**20
# Pixels of a strip that is cut out of a larger one, where nothing is compressed.
CUT_PIXELS: Final = 2**20


@dataclass(frozen=True)
class Layout:
    """The pieces, strips or tiles, of one page.

    Attributes
    ----------
    order : {"<", ">"}
    size : (width, height)
    piece : (width, height)
        Of a strip or tile.
    is_tiled, is_planar : bool
        Planar: each channel in pieces of its own, one channel after the other.
    offsets, counts : tuple of int
        Of the pieces, row by row.
    bits : int
        Of a sample.
    extra : tuple of int
        What the samples beyond the colours are.
    n_samples, compression, photometric : int
    """

    order: str
    size: tuple[int, int]
    piece: tuple[int, int]
    is_tiled: bool
    is_planar: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    bits: int
    n_samples: int
    extra: tuple[int, ...]
    compression: int
    photometric: int

    @property
    def across(self) -> int:
        """Pieces beside each other."""
        return -(-self.size[0] // self.piece[0])

    @property
    def down(self) -> int:
        """Pieces below each other."""
        return -(-self.size[1] // self.piece[1])

    @property
    def n_channels(self) -> int:
        """Channels of the colours themselves."""
        return _CHANNELS[self.photometric]

    @property
    def bytes_of_a_row(self) -> int:
        """Of the samples of one row of a piece, not compressed."""
        return -(-self.piece[0] * self.bits * (1 if self.is_planar else self.n_samples) // 8)

    @property
    def bytes_to_decode_a_piece(self) -> int:
        """What decoding one row of pieces takes at most."""
        rows = min(self.piece[1], self.size[1])
        samples = self.bytes_of_a_row * self.piece[1]
        pixels = self.size[0] * rows * (8 if self.is_planar else 4)
        return samples + pixels + self.across * max(self.counts)

    @property
    def is_in_small_pieces(self) -> bool:
        """Whether the picture can be decoded piece by piece in little memory, however large it is."""
        return self.bytes_to_decode_a_piece <= MAX_SMALL_PIECE_BYTES


def read_layout(page: Directory, data: bytes) -> Layout:
    """The layout of a page.

    Parameters
    ----------
    page : Directory
    data : bytes
        The file.

    Raises
    ------
    InvalidImage
        If it is broken, incomplete, or of a kind that cannot be decoded.
    """
    layout = _described(page)
    _refuse_unknown(layout, page)
    layout = _with_counts(layout, page, len(data))
    _check_places(layout, len(data))
    if layout.compression == UNCOMPRESSED:
        layout = _cut(layout)
    if layout.bytes_to_decode_a_piece > MAX_PIECE_BYTES:
        raise InvalidImage(
            "This TIFF keeps its picture in pieces that are too large to be read here: save it in strips or tiles, or "
            "as JPEG, and upload that."
        )
    if layout.compression == JPEG:
        _check_scans(layout, data)
    return layout


def _described(page: Directory) -> Layout:
    """What a page says of itself; nothing is checked but its sizes."""
    width, height = page.number(WIDTH), page.number(HEIGHT)
    is_tiled = TILE_OFFSETS in page
    piece = (
        (page.number(TILE_WIDTH), page.number(TILE_HEIGHT))
        if is_tiled
        else (width, min(page.number(ROWS, height) or height, height))
    )
    if min(width, height, *piece) < 1:
        raise damaged("TIFF")
    n_samples = page.number(SAMPLES, 1)
    return Layout(
        page.order,
        (width, height),
        piece,
        is_tiled,
        page.number(PLANAR, 1) == 2 and n_samples > 1,
        page.numbers(TILE_OFFSETS if is_tiled else OFFSETS),
        page.numbers(TILE_COUNTS if is_tiled else COUNTS),
        page.number(BITS, 1),
        n_samples,
        page.numbers(EXTRA_SAMPLES),
        page.number(COMPRESSION, UNCOMPRESSED),
        page.number(PHOTOMETRIC, MIN_IS_WHITE),
    )


def _refuse_unknown(layout: Layout, page: Directory) -> None:
    """Say what a picture is whose samples cannot be read here."""
    if layout.compression not in COMPRESSIONS:
        kind = _OTHER_COMPRESSIONS.get(layout.compression, f"a compression of number {layout.compression}")
        raise InvalidImage(f"This TIFF uses {kind}, which cannot be read here: {_SAVE}.")
    if 3 in page.numbers(SAMPLE_FORMAT)[:8]:
        raise InvalidImage(f"This TIFF holds measurements in floating point, not colours: {_SAVE}.")
    if layout.photometric in (8, 9, 10):
        raise InvalidImage(f"This TIFF keeps its colours as Lab, which cannot be read here: {_SAVE}.")
    if layout.photometric not in _CHANNELS or layout.n_samples < layout.n_channels or layout.n_samples > 16:
        raise InvalidImage(f"This TIFF keeps its colours in a way that cannot be read here: {_SAVE}.")
    depths = set(page.numbers(BITS, (1,))[: layout.n_samples])
    if len(depths) != 1 or layout.bits not in _depths(layout) or 2 in page.numbers(SAMPLE_FORMAT)[:8]:
        bits = " and ".join(str(depth) for depth in sorted(depths)[:3])
        raise InvalidImage(f"This TIFF has {bits} bits a channel in a form that cannot be read here: {_SAVE}.")
    if layout.photometric == YCBCR and (
        layout.is_planar or (layout.compression == UNCOMPRESSED and page.numbers(SUBSAMPLING, (2, 2)) != (1, 1))
    ):
        raise InvalidImage(f"This TIFF keeps its colours in a way that cannot be read here: {_SAVE}.")


def _depths(layout: Layout) -> tuple[int, ...]:
    """How many bits a sample may have."""
    if layout.photometric == YCBCR or layout.compression == JPEG:
        return (8,)
    if layout.photometric == PALETTE:
        return (1, 2, 4, 8)
    return (1, 2, 4, 8, 16) if layout.n_channels == layout.n_samples == 1 else (8, 16)


def _with_counts(layout: Layout, page: Directory, n_bytes: int) -> Layout:
    """A layout with as many pieces as the picture takes, each with a number of bytes."""
    n_pieces = layout.across * layout.down * (layout.n_samples if layout.is_planar else 1)
    offsets, counts = layout.offsets[:n_pieces], layout.counts[:n_pieces]
    if len(offsets) < n_pieces:
        raise damaged("TIFF")
    if layout.compression == UNCOMPRESSED:
        # Some writers count wrongly, and what is not compressed needs no counts.
        counts = tuple(layout.bytes_of_a_row * rows for rows in _rows_of_pieces(layout))
    elif len(counts) < n_pieces:
        if n_pieces > 1:
            raise damaged("TIFF")
        counts = (max(n_bytes - offsets[0], 0),)
    return replace(layout, offsets=offsets, counts=counts)


def _rows_of_pieces(layout: Layout) -> list[int]:
    """How many rows each piece holds: a tile always all, the last strip what is left."""
    height, rows = layout.size[1], layout.piece[1]
    of_a_row = [rows if layout.is_tiled else min(rows, height - top) for top in range(0, height, rows)]
    return [n for n in of_a_row for _ in range(layout.across)] * (layout.n_samples if layout.is_planar else 1)


def _check_places(layout: Layout, n_bytes: int) -> None:
    """Refuse pieces outside the file, and those that lie over each other many times."""
    pieces = zip(layout.offsets, layout.counts, strict=True)
    outside = [number for number, (start, count) in enumerate(pieces) if start + count > n_bytes]
    if outside:
        raise InvalidImage(ends_after(outside[0] / len(layout.offsets)) if outside[0] else INCOMPLETE)
    if not all(layout.offsets) or not all(layout.counts) or sum(layout.counts) > 2 * n_bytes:
        raise damaged("TIFF")


def _cut(layout: Layout) -> Layout:
    """One large strip that is not compressed, cut into small ones."""
    rows = max(1, CUT_PIXELS // layout.size[0])
    if layout.is_tiled or layout.down > 1 or layout.piece[1] <= rows:
        return layout
    cut = replace(layout, piece=(layout.size[0], rows))
    step = cut.bytes_of_a_row * rows
    offsets = tuple(first + at * step for first in layout.offsets for at in range(cut.down))
    return replace(cut, offsets=offsets, counts=tuple(cut.bytes_of_a_row * n for n in _rows_of_pieces(cut)))


def _check_scans(layout: Layout, data: bytes) -> None:
    """Refuse pieces that are JPEGs of endless passes."""
    for start, count in zip(layout.offsets, layout.counts, strict=True):
        if data.count(b"\xff\xda", start, start + count) > MAX_SCANS:
            raise InvalidImage(TOO_MANY_SCANS)


def most_of_a_band(layout: Layout, pixels: int) -> int:
    """How many rows of pieces are decoded together: about so many pixels, at least one."""
    return max(1, math.floor(pixels / (layout.size[0] * layout.piece[1])))
