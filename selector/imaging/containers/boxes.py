"""Boxes (ISO/IEC 14496-12, 4.2): of AVIF, HEIF and JPEG XL files, read in bounded time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from selector.imaging.containers.container import InvalidImage

# A photo of a phone has some 500 in all, most of them properties or items.
MAX_BOXES = 20_000

BROKEN = "The file is damaged and cannot be read as a picture."


class Box(NamedTuple):
    """A box: what it is, and where in the file its content lies, which may be beyond the end of the file."""

    name: bytes
    start: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places of a file, one after the other.

    Raises
    ------
    InvalidImage
        If there are more of them than any picture has, or one is shorter than its own header.
    """
    for _ in range(MAX_BOXES):
        if start + 8 > min(end, len(data)):
            return
        length, name = struct.unpack_from(">I4s", data, start)
        header = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start + 8)
            header = 16
        elif length == 0:
            length = end - start
        if length < header:
            raise InvalidImage(BROKEN)
        yield Box(name, start + header, start + length)
        start += length
    raise InvalidImage(BROKEN)


def box(name: bytes, *contents: bytes) -> bytes:
    """A box of this content.

    Examples
    --------
    >>> box(b"pitm", b"1234")
    b'\\x00\\x00\\x00\\x0cpitm1234'
    """
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full_box(name: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box that says of which version it is, before its content."""
    return box(name, struct.pack(">I", version << 24 | flags), *contents)


def exif_in(content: bytes) -> bytes:
    """EXIF data in a box or an item: behind a number that says how much else comes first; some writers leave it out."""
    if content[:4] in (b"II*\0", b"MM\0*") or len(content) < 4:
        return content
    return content[4 + int.from_bytes(content[:4]) :].removeprefix(b"Exif\0\0")
