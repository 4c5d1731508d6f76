"""The items of an AVIF or HEIF file (ISO/IEC 14496-12, 8.11, and 23008-12): pictures, tiles of them, and metadata.

Everything that is counted is counted again here, since a file of a few bytes can claim millions of items, or places
without end that all name the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from selector.imaging.containers.boxes import BROKEN, Box, boxes
from selector.imaging.containers.container import InvalidImage

# The largest grids of phones have some 200 tiles; a decoder refuses more than 1,000 items.
MAX_ITEMS = 4_000
# Of all items together, and of all associations of properties with them.
MAX_ENTRIES = 40_000


class Property(NamedTuple):
    """A property of an item, such as its size: its name and content."""

    name: bytes
    content: bytes


@dataclass
class Item:
    """An item.

    Attributes
    ----------
    kind : bytes
        Four letters, such as b"av01" or b"grid".
    places : list of (start, length)
        Where its bytes lie in the file, in order; they may be beyond its end.
    properties : list of Property
        In the order in which they apply.
    refers_to : dict of bytes to list of int
        The numbers of the items it refers to, by the kind of reference: b"dimg" for what it is made from.
    """

    kind: bytes = b""
    places: list[tuple[int, int]] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    refers_to: dict[bytes, list[int]] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """As many as the file says that there are."""
        return sum(length for _, length in self.places)

    def property(self, *names: bytes) -> bytes:
        """The content of the first property with one of these names; empty if there is none."""
        return next((content for name, content in self.properties if name in names), b"")

    def read(self, data: bytes, at_most: int) -> bytes:
        """Its bytes, no more than that."""
        found = b""
        for start, length in self.places:
            found += data[start : min(start + length, start + at_most - len(found))]
        return found


@dataclass
class Items:
    """What the meta box of a file lists: its items by their numbers, and the number of the picture to show."""

    by_number: dict[int, Item]
    primary: int | None


class _Numbers:
    """Reads one number after the other from the content of a box that begins with its version."""

    def __init__(self, content: bytes) -> None:
        self._content, self._position = content, 0
        self.version, self.flags = self.take(1), self.take(3)

    def take(self, n_bytes: int) -> int:
        return int.from_bytes(self.take_bytes(n_bytes))

    def take_bytes(self, n_bytes: int) -> bytes:
        taken = self._content[self._position : self._position + n_bytes]
        if len(taken) < n_bytes:
            raise InvalidImage(BROKEN)
        self._position += n_bytes
        return taken

    def count(self, n_bytes: int, most: int) -> range:
        """As many steps as the next number says, unless they are too many."""
        number = self.take(n_bytes)
        if number > most:
            raise InvalidImage(BROKEN)
        return range(number)


def read_items(data: bytes, meta: Box) -> Items:
    """What a meta box lists.

    Raises
    ------
    InvalidImage
        If it is broken, or lists more than any picture has.
    """
    parts: dict[bytes, Box] = {}
    for part in boxes(data, meta.start + 4, meta.end):
        parts.setdefault(part.name, part)
    numbers = {name: _Numbers(data[part.start : part.end]) for name, part in parts.items() if name in _READ}
    by_number = dict(_kinds(data, parts[b"iinf"])) if b"iinf" in parts else {}
    for number, places in _places(numbers.get(b"iloc"), parts.get(b"idat")):
        if number in by_number:
            by_number[number].places = places
    for number, found in _properties(data, parts.get(b"iprp")):
        if number in by_number:
            by_number[number].properties.append(found)
    for kind, number, target in _references(data, parts.get(b"iref")):
        if number in by_number:
            by_number[number].refers_to.setdefault(kind, []).append(target)
    primary = numbers.get(b"pitm")
    return Items(by_number, primary.take(_n_bytes(primary)) if primary else None)


_READ = (b"pitm", b"iloc")


def _n_bytes(numbers: _Numbers) -> int:
    """Of the number of an item, in boxes whose later versions have longer ones."""
    return 4 if numbers.version else 2


def _kinds(data: bytes, iinf: Box) -> Iterator[tuple[int, Item]]:
    """Number and kind of each item."""
    start = iinf.start + (6 if data[iinf.start] == 0 else 8)
    for n, entry in enumerate(boxes(data, start, iinf.end)):
        if n == MAX_ITEMS:
            raise InvalidImage(BROKEN)
        if entry.name == b"infe" and data[entry.start] >= 2:
            numbers = _Numbers(data[entry.start : entry.end])
            number = numbers.take(2 if numbers.version == 2 else 4)
            numbers.take(2)  # protection, which pictures have not
            yield number, Item(numbers.take_bytes(4))


def _places(numbers: _Numbers | None, idat: Box | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Where the bytes of each item lie."""
    if numbers is None:
        return
    sizes = numbers.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    n_entries = 0
    for _ in numbers.count(4 if numbers.version == 2 else 2, MAX_ITEMS):
        number = numbers.take(4 if numbers.version == 2 else 2)
        # 0: in the file; 1: in the box "idat"; 2: in another item, which no picture needs.
        method = numbers.take(2) & 15 if numbers.version else 0
        elsewhere = numbers.take(2)
        base = numbers.take(base_size) + (idat.start if method == 1 and idat else 0)
        places = []
        for _ in numbers.count(2, MAX_ENTRIES - n_entries):
            n_entries += 1
            numbers.take(index_size if numbers.version else 0)
            places.append((base + numbers.take(offset_size), numbers.take(length_size)))
        if not elsewhere and (method == 0 or (method == 1 and idat)):
            yield number, places


def _properties(data: bytes, iprp: Box | None) -> Iterator[tuple[int, Property]]:
    """The number of an item and a property of it, for all of them."""
    inside = list(boxes(data, iprp.start, iprp.end)) if iprp else []
    known = [
        Property(part.name, data[part.start : part.end])
        for container in inside
        if container.name == b"ipco"
        for part in boxes(data, container.start, container.end)
    ]
    n_entries = 0
    for part in inside:
        if part.name == b"ipma":
            numbers = _Numbers(data[part.start : part.end])
            for _ in numbers.count(4, MAX_ITEMS):
                number = numbers.take(_n_bytes(numbers))
                for _ in numbers.count(1, MAX_ENTRIES - n_entries):
                    n_entries += 1
                    index = numbers.take(2) & 0x7FFF if numbers.flags & 1 else numbers.take(1) & 0x7F
                    if 0 < index <= len(known):
                        yield number, known[index - 1]


def _references(data: bytes, iref: Box | None) -> Iterator[tuple[bytes, int, int]]:
    """The kind of a reference, and the numbers of the items from and to which it goes, for all of them."""
    n_entries = 0
    if iref is None:
        return
    for part in boxes(data, iref.start + 4, iref.end):
        size = 4 if data[iref.start] else 2
        # Its content has no version: four bytes before stand for one.
        numbers = _Numbers(bytes(4) + data[part.start : part.end])
        number = numbers.take(size)
        for _ in numbers.count(2, MAX_ENTRIES - n_entries):
            n_entries += 1
            yield part.name, number, numbers.take(size)
