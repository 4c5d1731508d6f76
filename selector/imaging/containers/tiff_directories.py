"""Directories of TIFF files (TIFF 6.0 and BigTIFF), and of the camera files that are made like them.

Offsets and counts come from strangers: whatever is read is read inside the file and in bounded numbers, and a value is
looked at only when somebody asks for it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

# Far beyond any real file: cameras write some 100 entries, archives some 1,000 pages.
MAX_ENTRIES: Final = 2_000
MAX_DIRECTORIES: Final = 10_000
MAX_ENTRIES_OF_ALL: Final = 200_000
# A picture of 120 megapixels in tiles of 16 x 16 has half as many.
MAX_VALUES: Final = 2**20

# What reading a directory raises that does not lie in the file; the offsets of large files may exceed all addresses.
OUTSIDE: Final = (struct.error, OverflowError)
# Classic and large files; and what Olympus and Panasonic write in place of 42.
START = re.compile(rb"II(?:[*+]\0|R[OS]|U\0)|MM(?:\0[*+]|OR)")
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_BYTES = {**{kind: struct.calcsize(f"={code}") for kind, code in _NUMBERS.items()}, 2: 1, 5: 8, 10: 8, 11: 4, 12: 8}


class Field(NamedTuple):
    """One entry: the kind of its values, how many there are, and where they begin."""

    kind: int
    length: int
    position: int


class Directory:
    """The entries of one directory.

    Parameters
    ----------
    data : bytes
        The file.
    position : int
        Where the directory begins.
    base : int, optional
        Where the offsets in it count from.
    order : {"<", ">"}
        Of the bytes of a number.
    is_large : bool
        Whether the file is a BigTIFF.

    Attributes
    ----------
    n_entries : int
    next : int
        Where the next directory begins; 0 if this is the last one.

    Raises
    ------
    struct.error, OverflowError
        If it does not lie in the file.
    """

    def __init__(self, data: bytes, position: int, *, order: str, is_large: bool = False, base: int = 0) -> None:
        self._data, self._base, self.order, self.is_large = data, base, order, is_large
        head, entry, offset = ("Q", "HHQ8x", "Q") if is_large else ("H", "HHI4x", "I")
        (n_entries,) = struct.unpack_from(order + head, data, position)
        if n_entries > MAX_ENTRIES:
            raise struct.error
        start, size = position + struct.calcsize(head), struct.calcsize(f"={entry}")
        end = start + n_entries * size
        self._fields: dict[int, Field] = {}
        for at in range(start, end, size):
            tag, kind, count = struct.unpack_from(order + entry, data, at)
            inline = at + size - struct.calcsize(offset)
            if kind in _BYTES:
                self._fields.setdefault(tag, Field(kind, count, self._place(kind, count, inline, offset)))
        self.n_entries = n_entries
        has_next = end + struct.calcsize(offset) <= len(data)
        self.next = int(struct.unpack_from(order + offset, data, end)[0]) if has_next else 0

    def _place(self, kind: int, count: int, inline: int, offset: str) -> int:
        """Where the values of an entry are: in it, if there is room for them."""
        if count * _BYTES[kind] <= struct.calcsize(offset):
            return inline
        (position,) = struct.unpack_from(self.order + offset, self._data, inline)
        return self._base + int(position)

    def __contains__(self, tag: int) -> bool:
        return tag in self._fields

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """All whole numbers of an entry; the default if there is no such entry, or it holds something else."""
        field = self._fields.get(tag)
        if field is None or field.kind not in _NUMBERS or not field.length:
            return default
        if field.length > MAX_VALUES:
            raise struct.error
        return struct.unpack_from(f"{self.order}{field.length}{_NUMBERS[field.kind]}", self._data, field.position)

    def number(self, tag: int, default: int = 0) -> int:
        """The first whole number of an entry."""
        field = self._fields.get(tag)
        if field is None or field.kind not in _NUMBERS or not field.length:
            return default
        return int(struct.unpack_from(self.order + _NUMBERS[field.kind], self._data, field.position)[0])

    def fraction(self, tag: int) -> float | None:
        """The first fraction of an entry."""
        field = self._fields.get(tag)
        if field is None or field.kind != 5:
            return None
        over, under = struct.unpack_from(f"{self.order}II", self._data, field.position)
        return over / under if under else None

    def text(self, tag: int, most: int = 64) -> bytes:
        """The beginning of what an entry holds, as it is."""
        return self.content(tag, most).partition(b"\0")[0]

    def content(self, tag: int, most: int) -> bytes:
        """At most so many bytes of what an entry holds; none if they do not all lie in the file."""
        start, length = self.place(tag)
        return self._data[start : start + min(length, most)] if start + length <= len(self._data) else b""

    def place(self, tag: int) -> tuple[int, int]:
        """Where what an entry holds begins, and how many bytes it has; zeros if there is no such entry."""
        field = self._fields.get(tag)
        return (field.position, field.length * _BYTES[field.kind]) if field else (0, 0)

    def kind_and_count(self, tag: int) -> tuple[int, int]:
        """The kind of the values of an entry, as TIFF numbers them, and how many there are."""
        return self._fields[tag].kind, self._fields[tag].length

    def at(self, position: int) -> Directory:
        """Another directory of the same file."""
        return Directory(self._data, position, order=self.order, is_large=self.is_large)


def directories(data: bytes) -> Iterator[Directory]:
    """The directories of a file, one after the other, each once.

    The first has to be whole (else one of `OUTSIDE`); the file may end in any other.
    """
    order = "<" if data[:2] == b"II" else ">"
    is_large = data[2:4] in (b"+\0", b"\0+")
    (position,) = struct.unpack_from(f"{order}Q", data, 8) if is_large else struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    n_entries = 0
    while position and position not in seen and len(seen) < MAX_DIRECTORIES and n_entries < MAX_ENTRIES_OF_ALL:
        try:
            directory = Directory(data, position, order=order, is_large=is_large)
        except OUTSIDE:
            if not seen:
                raise
            return
        seen.add(position)
        n_entries += directory.n_entries
        yield directory
        position = directory.next
