"""The picture that an AVIF or HEIF file shows: its pieces, its size, which way up, in which colours."""

from __future__ import annotations

import struct
from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

from selector.imaging.containers.boxes import BROKEN
from selector.imaging.containers.container import Format, InvalidImage, ends_after
from selector.imaging.containers.items import Item, Items
from selector.imaging.containers.sequence_headers import MAX_HEADER_BYTES, Sequence, av1_sequence, hevc_sequence

# More than in any photo of a phone; decoders take no more than 1,000 items.
MAX_TILES = 800
# What a decoder may hold at once.
DECODER_BYTES = 292_000_000
# Codecs work in blocks of no more pixels a side.
LARGEST_BLOCK = 128

TOO_MANY_TILES = f"This picture is made of more than {MAX_TILES} tiles. Save it as a plain JPEG and upload that."

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
# Where the corners of a picture are before it is turned upright, for each of EXIF's orientations.
_CORNERS = ("abcd", "badc", "dcba", "cdab", "acbd", "cadb", "dbca", "bdac")


class Coding(NamedTuple):
    """How samples are stored."""

    bit_depth: int
    is_grey: bool
    halves_across: bool
    halves_down: bool

    @property
    def bytes_per_pixel(self) -> float:
        """Of the decoded planes."""
        colours = 0.0 if self.is_grey else 2 / (1 + self.halves_across) / (1 + self.halves_down)
        return (1 + colours) * (1 if self.bit_depth == 8 else 2)


class HeifPicture:
    """The picture of a file whose primary item exists.

    Parameters
    ----------
    items : Items

    Raises
    ------
    InvalidImage
        If it is made of what is not there, or of too many tiles.
    """

    def __init__(self, items: Items) -> None:
        self._by_number = items.by_number
        self._alphas = defaultdict(list)
        for number, item in items.by_number.items():
            if item.property(b"auxC")[4:].partition(b"\0")[0] in _ALPHA:
                for whole in item.refers_to.get(b"auxl", []):
                    self._alphas[whole].append(number)
        self.shown = self._original(items.primary or 0)
        self._item = self._by_number[self.shown]
        self._first_piece = self._by_number[self._pieces_of(self.shown)[0]]

    def _original(self, number: int) -> int:
        """What is to be shown, without the brighter look that some bright screens may give it."""
        item = self._by_number[number]
        sources = item.refers_to.get(b"dimg", [])
        return self._pieces(sources)[0] if item.kind in (b"tmap", b"iden") and sources else number

    def _pieces_of(self, number: int) -> list[int]:
        """The tiles of a grid, each as often as it is used; any other picture is its only piece."""
        item = self._by_number[number]
        return self._pieces(item.refers_to.get(b"dimg", [])) if item.kind == b"grid" else [number]

    def _pieces(self, numbers: list[int]) -> list[int]:
        if len(numbers) > MAX_TILES:
            raise InvalidImage(TOO_MANY_TILES)
        if not numbers or not all(number in self._by_number for number in numbers):
            raise InvalidImage(BROKEN)
        return numbers

    @property
    def parts(self) -> dict[int, Item]:
        """All that a decoder needs, by number: the picture first, its tiles, and its transparency in the same way."""
        colour = dict.fromkeys((self.shown, *self._pieces_of(self.shown)))
        alphas = [alpha for number in colour for alpha in self._alphas[number]]
        numbers = dict.fromkeys((*colour, *(number for alpha in alphas for number in (alpha, *self._pieces_of(alpha)))))
        return {number: self._by_number[number] for number in numbers}

    def check(self, data: bytes) -> None:
        """Raise `InvalidImage` if the tiles do not fit together, or not all of the picture is in the file."""
        places = {place for item in self.parts.values() for place in item.places}
        whole = sum(length for _, length in places)
        there = sum(max(0, min(start + length, len(data)) - start) for start, length in places)
        if not whole:
            raise InvalidImage(BROKEN)
        if there < whole:
            raise InvalidImage(ends_after(there / whole))
        if whole > len(data):
            raise InvalidImage(BROKEN)
        for number, item in self.parts.items():
            _check_coded_size(item, data)
            if item.kind == b"grid":
                self._check_grid(item, item.read(data, 12), len(self._pieces_of(number)))

    def _check_grid(self, item: Item, grid: bytes, n_tiles: int) -> None:
        """Rows and columns of tiles of one size have to cover a picture, and no more."""
        across, down = grid[3] + 1, grid[2] + 1
        size = struct.unpack_from(">II" if grid[1] & 1 else ">HH", grid, 4)
        tiles = {_size(self._by_number[number]) for number in item.refers_to[b"dimg"]}
        fits = all(
            (count - 1) * tile < side <= count * tile
            for count, side, tile in zip((across, down), size, next(iter(tiles)), strict=True)
        )
        if across * down != n_tiles or len(tiles) > 1 or size != _size(item) or not fits:
            raise InvalidImage(BROKEN)

    @property
    def codec(self) -> bytes:
        """Four letters, such as b"av01"."""
        return self._first_piece.kind

    @property
    def coded_size(self) -> tuple[int, int]:
        """Width and height of all that is decoded."""
        return _size(self._item)

    def size(self, form: Format) -> tuple[int, int]:
        """Width and height before turning, as its decoder gives them or is cropped to."""
        return _cropped(self._item.property(b"clap"), self.coded_size, form) or self.coded_size

    def crops(self, form: Format) -> bool:
        """Whether a part of the picture is to be shown."""
        return _cropped(self._item.property(b"clap"), self.coded_size, form) is not None

    @property
    def orientation(self) -> int:
        """1 to 8, as in EXIF; EXIF itself has no say in these formats."""
        corners = _CORNERS[0]
        for name, content in self._item.properties:
            if name == b"irot" and content:
                for _ in range(content[0] & 3):
                    corners = corners[1] + corners[3] + corners[0] + corners[2]
            elif name == b"imir" and content:
                corners = corners[1::-1] + corners[:1:-1] if content[0] & 1 else corners[2:] + corners[:2]
        return _CORNERS.index(corners) + 1

    @property
    def profile(self) -> bytes:
        """An ICC profile, unchecked; empty if there is none."""
        found = (content[4:] for content in self._colours() if content[:4] in (b"prof", b"rICC"))
        return next(found, b"")

    def cicp(self, data: bytes) -> tuple[int, int, int, int] | None:
        """Primaries, transfer, matrix and full range, by their numbers in ITU-T H.273: of the file, else as coded."""
        for content in self._colours():
            if content[:4] == b"nclx" and len(content) >= 11:
                primaries, transfer, matrix, full_range = struct.unpack_from(">HHHB", content, 4)
                return primaries, transfer, matrix, full_range >> 7
        sequence = _sequence(self._first_piece, data)
        return sequence.cicp if sequence else None

    def _colours(self) -> list[bytes]:
        """What is said of colours: of the whole picture if it says anything, else of its first tile."""
        of_whole, of_tile = (
            [found.content for found in item.properties if found.name == b"colr"]
            for item in (self._item, self._first_piece)
        )
        return of_whole or of_tile

    @property
    def coding(self) -> Coding:
        """By the record that a decoder is set up with."""
        if self.codec == b"av01":
            bits = self._first_piece.property(b"av1C")[2]
            depth = (12 if bits & 0x20 else 10) if bits & 0x40 else 8
            return Coding(depth, bool(bits & 0x10), bool(bits & 8), bool(bits & 4))
        record = self._first_piece.property(b"hvcC")
        chroma = record[16] & 3
        return Coding((record[17] & 7) + 8, chroma == 0, chroma in (1, 2), chroma == 1)

    def most_pixels(self, form: Format) -> int:
        """As many as can be decoded in the memory that there is for that.

        Of AVIF, in planes and twice in RGB. Of HEIF, in planes, in planes of full colour or more bits, and in RGB.
        """
        planes, alpha = self.coding.bytes_per_pixel, 4 if self.has_alpha else 0
        return int(DECODER_BYTES / ((planes + 6 if form == "AVIF" else max(7.3, 3 * planes)) + alpha))

    @property
    def has_alpha(self) -> bool:
        """Whether parts of the picture may be transparent."""
        return any(self._alphas[number] for number in (self.shown, *self._pieces_of(self.shown)))


def _sequence(item: Item, data: bytes) -> Sequence | None:
    """What a coded picture says of itself."""
    if item.kind == b"av01":
        return av1_sequence(item.read(data, MAX_HEADER_BYTES))
    return hevc_sequence(item.property(b"hvcC")) if item.kind in (b"hvc1", b"hev1") else None


def _check_coded_size(item: Item, data: bytes) -> None:
    """Decoders make room for what is coded, which the size in the file may hide; it can be a little larger."""
    sequence = _sequence(item, data)
    if sequence and any(coded > side + LARGEST_BLOCK for coded, side in zip(sequence.size, _size(item), strict=True)):
        raise InvalidImage(BROKEN)


def _size(item: Item) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", item.property(b"ispe"), 4)
    if not width or not height:
        raise InvalidImage(BROKEN)
    return width, height


def _cropped(clap: bytes, size: tuple[int, int], form: Format) -> tuple[int, int] | None:
    """The size of the part to show; None for all of it, also where that part is not of whole pixels.

    Browsers crop an AVIF picture from its upper left corner, or not at all.
    """
    if len(clap) < 32:
        return None
    values = struct.unpack(">IIIIiIiI", clap[:32])
    if 0 in values[1::2]:
        raise InvalidImage(BROKEN)
    fractions = [Fraction(*values[at : at + 2]) for at in (0, 2, 4, 6)]
    sides = fractions[:2]
    starts = [offset + (whole - side) / 2 for offset, whole, side in zip(fractions[2:], size, sides, strict=True)]
    is_inside = all(
        side > 0 and start >= 0 and start + side <= whole
        for side, start, whole in zip(sides, starts, size, strict=True)
    )
    if not is_inside or any(number.denominator != 1 for number in (*sides, *starts)):
        return None
    if form == "AVIF" and any(starts):
        return None
    return int(sides[0]), int(sides[1])
