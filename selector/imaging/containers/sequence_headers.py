"""What a coded picture says of itself: sequence headers of AV1 (5.5) and HEVC (ITU-T H.265, 7.3.2.2).

Decoders make room for what these say, whatever the boxes around them say.
"""

from __future__ import annotations

from typing import NamedTuple

from selector.imaging.containers.boxes import BROKEN
from selector.imaging.containers.container import InvalidImage

# A sequence header is one of the first things in a picture, and short.
MAX_HEADER_BYTES = 1_024
_SEQUENCE_HEADER = 1
_SEQUENCE_PARAMETERS = 33


class Sequence(NamedTuple):
    """Width and height, and colours by their numbers in ITU-T H.273 as far as they are named."""

    size: tuple[int, int]
    cicp: tuple[int, int, int, int] | None = None


class _Bits:
    """Reads numbers of some bits each, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data[:MAX_HEADER_BYTES]), 8 * min(len(data), MAX_HEADER_BYTES)

    def take(self, n: int) -> int:
        self._left -= n
        if self._left < 0:
            raise InvalidImage(BROKEN)
        return self._number >> self._left & ((1 << n) - 1)

    def take_exponential(self) -> int:
        """A number behind as many zeros as it has bits (ue(v), uvlc())."""
        n = 0
        while not self.take(1):
            n += 1
            if n > 32:
                raise InvalidImage(BROKEN)
        return (1 << n) - 1 + self.take(n)


def av1_sequence(picture: bytes) -> Sequence | None:
    """Of the first sequence header in a picture; None if it does not begin with one."""
    position = 0
    while position + 2 <= min(len(picture), MAX_HEADER_BYTES):
        header = picture[position]
        position += 2 if header & 4 else 1
        length = 0
        if header & 2:
            for n in range(8):
                byte = picture[position]
                position += 1
                length |= (byte & 0x7F) << 7 * n
                if not byte & 0x80:
                    break
        if header >> 3 & 15 == _SEQUENCE_HEADER:
            return _av1(_Bits(picture[position : position + MAX_HEADER_BYTES]))
        position += length
    return None


def _av1(bits: _Bits) -> Sequence:
    profile, _, is_reduced = bits.take(3), bits.take(1), bits.take(1)
    if is_reduced:
        bits.take(5)
    else:
        _pass_over_operating_points(bits)
    n_width, n_height = bits.take(4) + 1, bits.take(4) + 1
    size = bits.take(n_width) + 1, bits.take(n_height) + 1
    if not is_reduced and bits.take(1):
        bits.take(7)
    bits.take(3)
    if not is_reduced:
        _pass_over_tools(bits)
    bits.take(3)
    return Sequence(size, _av1_colours(bits, profile))


def _pass_over_operating_points(bits: _Bits) -> None:
    n_delay = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.take_exponential()
        if bits.take(1):  # a model of a decoder
            n_delay = bits.take(5) + 1
            bits.take(42)
    delays_are_given = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if n_delay and bits.take(1):
            bits.take(2 * n_delay + 1)
        if delays_are_given and bits.take(1):
            bits.take(4)


def _pass_over_tools(bits: _Bits) -> None:
    bits.take(4)
    has_order = bits.take(1)
    if has_order:
        bits.take(2)
    for_screens = 2 if bits.take(1) else bits.take(1)
    if for_screens and not bits.take(1):
        bits.take(1)
    if has_order:
        bits.take(3)


def _av1_colours(bits: _Bits, profile: int) -> tuple[int, int, int, int] | None:
    if bits.take(1) and profile == 2:
        bits.take(1)
    is_grey = profile != 1 and bits.take(1)
    if not bits.take(1):
        return None
    primaries, transfer, matrix = bits.take(8), bits.take(8), bits.take(8)
    is_srgb = (primaries, transfer, matrix) == (1, 13, 0) and not is_grey
    return primaries, transfer, matrix, 1 if is_srgb else bits.take(1)


def hevc_sequence(record: bytes) -> Sequence | None:
    """Of the sequence parameters in a decoder's configuration record (hvcC); None if there are none."""
    position = 23
    for _ in range(record[22]):
        kind, count = record[position] & 63, int.from_bytes(record[position + 1 : position + 3])
        position += 3
        for _ in range(count):
            length = int.from_bytes(record[position : position + 2])
            if kind == _SEQUENCE_PARAMETERS:
                unit = record[position + 4 : position + 2 + length]
                return _hevc(_Bits(unit[:MAX_HEADER_BYTES].replace(b"\0\0\3", b"\0\0")))
            position += 2 + length
            if position >= len(record):
                return None
    return None


def _hevc(bits: _Bits) -> Sequence:
    bits.take(4)
    n_layers = bits.take(3)
    bits.take(1 + 88 + 8)
    present = [(bits.take(1), bits.take(1)) for _ in range(n_layers)]
    if n_layers:
        bits.take(2 * (8 - n_layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.take_exponential()
    if bits.take_exponential() == 3:
        bits.take(1)
    return Sequence((bits.take_exponential(), bits.take_exponential()))
