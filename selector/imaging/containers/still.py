"""A file of one picture, written anew for its decoder: no film, no metadata, no turning, no places but its own."""

from __future__ import annotations

import struct

from selector.imaging.containers.boxes import box, full_box
from selector.imaging.containers.container import Format
from selector.imaging.containers.items import Item, Property

_BRANDS: dict[Format, bytes] = {"AVIF": b"avif", "HEIF": b"heic"}
# What decoders need to know of an item. A profile is applied after decoding; numbers (nclx) tell how to get RGB.
_NEEDED = (b"av1C", b"hvcC", b"ispe", b"pixi", b"auxC", b"a1op", b"a1lx", b"lsel")
_REFERENCES = (b"dimg", b"auxl", b"prem")


def still_file(data: bytes, form: Format, parts: dict[int, Item], crops: bool) -> bytes:
    """A file of a picture alone.

    Parameters
    ----------
    data : bytes
        The file it comes from.
    form : {"AVIF", "HEIF"}
    parts : dict of int to Item
        The picture first, and all that it is made of, wholly within the file.
    crops : bool
        Whether the decoder is to show a part of the picture.
    """
    numbers = {number: n for n, number in enumerate(parts, 1)}
    start = box(b"ftyp", _BRANDS[form], bytes(4), _BRANDS[form], b"mif1miaf")
    mdat, places = _contents(data, list(parts.values()))
    properties = _Properties(form == "HEIF" and crops)
    associations = b"".join(properties.of(numbers[number], item) for number, item in parts.items())
    ipma = full_box(b"ipma", struct.pack(">I", len(parts)), associations, flags=1)
    before = [
        full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", struct.pack(">H", 1)),
        full_box(b"iinf", struct.pack(">H", len(parts)), *(_entry(numbers[n], item) for n, item in parts.items())),
        full_box(b"iref", *(_references(numbers, number, item) for number, item in parts.items())),
        box(b"iprp", box(b"ipco", *properties.written), ipma),
    ]
    # The places are known once the length of what comes before them is.
    n_before = len(start) + 12 + sum(map(len, before)) + len(_iloc(places, 0)) + 8
    return b"".join((start, full_box(b"meta", *before, _iloc(places, n_before)), box(b"mdat", mdat)))


class _Properties:
    """The properties of all items, each written once, since tiles have the same ones."""

    def __init__(self, crops: bool) -> None:
        self._needed = (*_NEEDED, b"clap") if crops else _NEEDED
        self._indices: dict[Property, int] = {}

    @property
    def written(self) -> list[bytes]:
        return [box(*found) for found in self._indices]

    def of(self, number: int, item: Item) -> bytes:
        """The entry of an item: all its properties as essential ones, since no others are kept."""
        wanted = [
            found
            for found in dict.fromkeys(item.properties)
            if found.name in self._needed or (found.name == b"colr" and found.content[:4] == b"nclx")
        ]
        indices = [self._indices.setdefault(found, len(self._indices) + 1) for found in wanted]
        return struct.pack(f">HB{len(indices)}H", number, len(indices), *(0x8000 | index for index in indices))


def _entry(number: int, item: Item) -> bytes:
    return full_box(b"infe", struct.pack(">HH", number, 0), item.kind, b"\0", version=2)


def _references(numbers: dict[int, int], number: int, item: Item) -> bytes:
    written = b""
    for kind in _REFERENCES:
        targets = [numbers[target] for target in item.refers_to.get(kind, []) if target in numbers]
        if targets:
            written += box(kind, struct.pack(f">HH{len(targets)}H", numbers[number], len(targets), *targets))
    return written


def _contents(data: bytes, parts: list[Item]) -> tuple[bytes, list[tuple[int, int]]]:
    """The bytes of all items, those that are the same only once, and where in them each one's lie."""
    starts: dict[tuple[tuple[int, int], ...], int] = {}
    pieces: list[bytes] = []
    end = 0
    for item in parts:
        if tuple(item.places) not in starts:
            starts[tuple(item.places)] = end
            pieces += [data[start : start + length] for start, length in item.places]
            end += item.n_bytes
    return b"".join(pieces), [(starts[tuple(item.places)], item.n_bytes) for item in parts]


def _iloc(places: list[tuple[int, int]], start: int) -> bytes:
    entries = [struct.pack(">HHHII", n, 0, 1, start + at, length) for n, (at, length) in enumerate(places, 1)]
    return full_box(b"iloc", b"\x44\0", struct.pack(">H", len(entries)), *entries)
