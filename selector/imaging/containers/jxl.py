"""JPEG XL files (ISO/IEC 18181): the first bits of the picture, and the boxes around it, if there are any."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

from selector.imaging.containers.boxes import boxes, exif_in
from selector.imaging.containers.container import INCOMPLETE, Container, InvalidImage, damaged
from selector.imaging.other_kinds import NO_JPEG_XL

START = b"\xff\x0a"
# Before the picture itself; a name of a channel may take some hundred bytes of it.
MAX_HEADER_BYTES = 4_096
MAX_EXTRA_CHANNELS = 8
MAX_EXIF_BYTES = 2**20
# What a decoder may hold at once, and what it holds for a sample: without loss a picture is held whole, in numbers of
# four bytes; else in parts.
DECODER_BYTES = 300_000_000
_BYTES_PER_SAMPLE, _LOSSLESS_BYTES_PER_SAMPLE = 2.4, 5

ANIMATION = "This is an animated JPEG XL picture: save one of its frames as JPEG or PNG and upload that."
TOO_MANY_CHANNELS = "This JPEG XL picture has too many channels. Save it as a plain JPEG and upload that."

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SPOT_COLOUR, _COLOUR_FILTER = 2, 5


def read(data: bytes) -> Container:
    """The container of a file that begins as a JPEG XL does, with or without boxes."""
    if importlib.util.find_spec("pillow_jxl") is None:
        raise InvalidImage(NO_JPEG_XL)
    codestream, exif, was_jpeg = (data, b"", False) if data.startswith(START) else _unboxed(data)
    if not codestream.startswith(START):
        raise damaged("JPEG XL") if codestream else InvalidImage(INCOMPLETE)
    facts = _facts(_Bits(codestream[2:MAX_HEADER_BYTES]))
    is_lossy = facts.is_lossy or was_jpeg
    per_pixel = facts.n_channels * (_BYTES_PER_SAMPLE if is_lossy else _LOSSLESS_BYTES_PER_SAMPLE)
    return Container(
        "JPEG XL",
        # The decoder turns it upright.
        facts.size[::-1] if facts.orientation > 4 else facts.size,
        codestream,
        exif,
        bit_depth=facts.bit_depth,
        turned=1,
        most_pixels=int(DECODER_BYTES / per_pixel),
    )


def _unboxed(data: bytes) -> tuple[bytes, bytes, bool]:
    """The picture, whole or put together of its parts, EXIF data, and whether it was a JPEG once."""
    parts, exif, was_jpeg = [], b"", False
    for found in boxes(data, 0, len(data)):
        content = data[found.start : found.end]
        if found.name in (b"jxlc", b"jxlp"):
            parts.append(content if found.name == b"jxlc" else content[4:])
        elif found.name == b"Exif" and not exif:
            exif = exif_in(content[:MAX_EXIF_BYTES])
        was_jpeg |= found.name == b"jbrd"
    return b"".join(parts), exif, was_jpeg


class _Facts(NamedTuple):
    """What the first bits say."""

    size: tuple[int, int]
    orientation: int
    bit_depth: int
    n_channels: int
    is_lossy: bool


class _Bits:
    """Reads numbers of some bits each, the lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self._bits, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, n: int) -> int:
        if n > self._left:
            raise InvalidImage(INCOMPLETE)
        value = self._bits & ((1 << n) - 1)
        self._bits >>= n
        self._left -= n
        return value

    def is_set(self) -> bool:
        return bool(self.take(1))

    def choose(self, *ways: tuple[int, int]) -> int:
        """A number in one of four ways: the least it can be, and how many bits say how much more it is."""
        least, n = ways[self.take(2)]
        return least + self.take(n)


def _facts(bits: _Bits) -> _Facts:
    """SizeHeader and the beginning of ImageMetadata."""
    size = _size(bits, (1, 9), (1, 13), (1, 18), (1, 30))
    if bits.is_set():  # All is as usual.
        return _Facts(size, 1, 8, 3, True)
    orientation = _orientation(bits) if bits.is_set() else 1
    bit_depth = _bit_depth(bits)
    bits.take(1)  # whether 16 bits are enough while decoding
    n_extra = bits.choose((0, 0), (1, 0), (2, 4), (1, 12))
    if n_extra > MAX_EXTRA_CHANNELS:
        raise InvalidImage(TOO_MANY_CHANNELS)
    for _ in range(n_extra):
        _pass_over_channel(bits)
    return _Facts(size, orientation, bit_depth, 3 + n_extra, bits.is_set())


def _size(bits: _Bits, *ways: tuple[int, int]) -> tuple[int, int]:
    is_small = bits.is_set()
    height = _side(bits, is_small, ways)
    ratio = _RATIOS.get(bits.take(3))
    width = height * ratio[0] // ratio[1] if ratio else _side(bits, is_small, ways)
    return width, height


def _side(bits: _Bits, is_small: bool, ways: tuple[tuple[int, int], ...]) -> int:
    return 8 * (1 + bits.take(5)) if is_small else bits.choose(*ways)


def _orientation(bits: _Bits) -> int:
    """1 to 8; passes over what else is said in the same place, and refuses animations."""
    orientation = 1 + bits.take(3)
    if bits.is_set():  # The size for which it is meant.
        _size(bits, (1, 9), (1, 13), (1, 18), (1, 30))
    if bits.is_set():
        _pass_over_preview(bits)
    if bits.is_set():
        raise InvalidImage(ANIMATION)
    return orientation


def _pass_over_preview(bits: _Bits) -> None:
    """A size in ways of its own."""
    in_eights = bits.is_set()
    ways = ((16, 0), (32, 0), (1, 5), (33, 9)) if in_eights else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.choose(*ways)
    if not bits.take(3):
        bits.choose(*ways)


def _bit_depth(bits: _Bits) -> int:
    if bits.is_set():  # floating point
        depth = bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return depth
    return bits.choose((8, 0), (10, 0), (12, 0), (1, 6))


def _pass_over_channel(bits: _Bits) -> None:
    """Of transparency, for example."""
    if bits.is_set():  # transparency as usual
        return
    kind = bits.choose((0, 0), (1, 0), (2, 4), (18, 6))
    _bit_depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))  # by how much it is smaller
    bits.take(8 * bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))  # its name
    if kind == 0:
        bits.take(1)
    elif kind == _SPOT_COLOUR:
        bits.take(64)
    elif kind == _COLOUR_FILTER:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))
