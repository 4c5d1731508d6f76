"""TIFF files, and cameras' files that are made like them, written entry by entry: also those that no library writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

# Kinds of values, as TIFF numbers them.
BYTE, TEXT, SHORT, LONG, FRACTION, ANYTHING = 1, 2, 3, 4, 5, 7
Value = tuple[int, Sequence[int] | bytes]


def directory(entries: Mapping[int, Value], at: int, order: str = "<", following: int = 0, base: int = 0) -> bytes:
    """A directory that lies at a place in a file, with what its entries point at behind it.

    `following` is where the next one lies; `base` is where offsets count from.
    """
    head, values = b"", b""
    start = at + 2 + 12 * len(entries) + 4 - base
    for tag, (kind, content) in sorted(entries.items()):
        if isinstance(content, bytes):
            packed, count = content, len(content)
        else:
            code = {BYTE: "B", SHORT: "H", LONG: "I", FRACTION: "I"}[kind]
            packed = struct.pack(f"{order}{len(content)}{code}", *content)
            count = len(content) // (2 if kind == FRACTION else 1)
        inline = packed.ljust(4, b"\0")
        if len(packed) > 4:
            inline = struct.pack(f"{order}I", start + len(values))
            values += packed
        head += struct.pack(f"{order}HHI", tag, kind, count) + inline
    return struct.pack(f"{order}H", len(entries)) + head + struct.pack(f"{order}I", following) + values


def tiff(entries: Mapping[int, Value], pieces: bytes = b"", order: str = "<", start: bytes = b"") -> bytes:
    """A TIFF of one directory; what its picture consists of begins at `PIECES`."""
    begin = start or (b"II*\0" if order == "<" else b"MM\0*")
    assert len(pieces) <= DIRECTORY - PIECES
    return (
        (begin + struct.pack(f"{order}I", DIRECTORY)).ljust(PIECES, b"\0")
        + pieces.ljust(DIRECTORY - PIECES, b"\0")
        + directory(entries, DIRECTORY, order)
    )


PIECES, DIRECTORY = 16, 100_016


def grey(width: int, height: int, **changed: Value) -> dict[int, Value]:
    """The entries of a grey picture in one strip, which is not compressed, some changed by number: `t259=...`."""
    entries: dict[int, Value] = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [8]),
        259: (SHORT, [1]),
        262: (SHORT, [1]),
        273: (LONG, [PIECES]),
        277: (SHORT, [1]),
        278: (LONG, [height]),
        279: (LONG, [width * height]),
    }
    return entries | {int(name[1:]): value for name, value in changed.items()}
