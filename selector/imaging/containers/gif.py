"""GIF files (GIF89a): their first picture."""

from __future__ import annotations

import struct

from selector.imaging.containers.container import INCOMPLETE, Container, InvalidImage, damaged

# An animation's first picture comes after a few blocks: comments, a palette, how long it is shown.
MAX_BLOCKS = 1_000
_EXTENSION, _PICTURE, _CONTROL = 0x21, 0x2C, 0xF9


def read(data: bytes) -> Container:
    """The container of a file that begins as a GIF does."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + _palette_bytes(flags)
    kept = [data[:position]]
    for _ in range(MAX_BLOCKS):
        start, kind = position, data[position]
        if kind == _PICTURE:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, position + 1)
            end = _after_blocks(data, position + 11 + _palette_bytes(flags))
            size = max(width, left + across), max(height, top + down)
            if not across or not down:
                raise damaged("GIF")
            return Container("GIF", size, b"".join([*kept, data[start:end], b"\x3b"]))
        if kind != _EXTENSION:
            raise damaged("GIF")
        position = _after_blocks(data, position + 2)
        if data[start + 1] == _CONTROL:
            kept[1:] = [data[start:position]]
    raise damaged("GIF")


def _palette_bytes(flags: int) -> int:
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int) -> int:
    """Where what follows a row of blocks begins, each of which says how long it is."""
    while position < len(data) and (length := data[position]):
        position += 1 + length
    if position >= len(data):
        raise InvalidImage(INCOMPLETE)
    return position + 1
