"""Cameras' raw files, shown by the largest JPEG that the camera put into them.

Most of them are made like TIFF files (CR2, NEF, ARW, DNG, RW2, ORF, PEF, ...): directories, some of them inside others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from selector.imaging.containers import jpeg, tiff
from selector.imaging.containers.container import INCOMPLETE, Container, InvalidImage
from selector.imaging.containers.tiff_directories import OUTSIDE, Directory, directories

FUJIFILM = b"FUJIFILMCCD-RAW "
# The longer side of a picture that is worth selecting on.
LEAST_SIDE = 640
# Far beyond any real file.
MAX_DIRECTORIES, MAX_PREVIEWS = 40, 8

_MAKE, _ORIENTATION, _SUB_DIRECTORIES, _EXIF, _MAKER_NOTE = 271, 274, 330, 34665, 37500
_COMPRESSION, _PHOTOMETRIC, _STRIP, _STRIP_BYTES = 259, 262, 273, 279
_PREVIEW, _PREVIEW_BYTES, _PREVIEW_OF_PANASONIC, _DNG_VERSION = 513, 514, 46, 50706
# In a note of Olympus: a directory, and the preview's place in it.
_SETTINGS, _PREVIEW_OF_OLYMPUS, _PREVIEW_BYTES_OF_OLYMPUS = 0x2020, 0x0101, 0x0102
_NOTES_OF_OLYMPUS = {b"OLYMPUS\0": 12, b"OM SYSTEM\0": 16}
_SENSOR = ((32803,), (34892,))
_BY_MAKE = {b"NIKON": "nikon-nef", b"SONY": "sony-arw", b"PENTAX": "pentax-pef", b"SAMSUNG": "samsung-srw"}


def read_raw_or_tiff(data: bytes) -> Container:
    """The container of a file that begins as a TIFF does, or nearly so."""
    kind = _kind(data)
    if kind is None:
        return tiff.read(data)
    preview = _largest_preview(data, _previews(data))
    first = next(directories(data))
    orientation = first.number(_ORIENTATION)
    exif = data if data[:4] in (b"II*\0", b"MM\0*") else b"II*\0" + data[4 : 2**20]
    turned = orientation if 1 <= orientation <= 8 else preview.orientation
    return replace(preview, exif=exif, turned=turned, media_type=f"image/x-{kind}")


def read_fujifilm(data: bytes) -> Container:
    """The container of a raw file of Fujifilm, which says at once where its JPEG is."""
    preview = _largest_preview(data, iter([struct.unpack_from(">II", data, 84)]))
    return replace(preview, media_type="image/x-fuji-raf")


def _kind(data: bytes) -> str | None:
    """Which camera's raw file it is; None if it is a TIFF."""
    if data[8:10] == b"CR":
        return "canon-cr2"
    if data[2:3] == b"U":
        return "panasonic-rw2"
    if b"R" in data[2:4]:
        return "olympus-orf"
    found = list(_all_directories(data))
    if _DNG_VERSION in found[0]:
        return "adobe-dng"
    if any(_numbers(directory, _PHOTOMETRIC)[:1] in _SENSOR for directory in found):
        make = found[0].text(_MAKE).upper()
        return next((kind for name, kind in _BY_MAKE.items() if make.startswith(name)), "raw")
    return None


def _all_directories(data: bytes) -> Iterator[Directory]:
    """The directories of a file and those inside them, at most so many, without those that are not all there."""
    found, inside = list(islice(directories(data), MAX_DIRECTORIES)), 0
    while inside < len(found):
        above = found[inside]
        for position in [*_numbers(above, _SUB_DIRECTORIES), *_numbers(above, _EXIF)]:
            with suppress(*OUTSIDE):
                found += [above.at(position)] if len(found) < MAX_DIRECTORIES else []
        inside += 1
    yield from found


def _numbers(directory: Directory, tag: int) -> tuple[int, ...]:
    try:
        return directory.numbers(tag)[:MAX_DIRECTORIES]
    except OUTSIDE:
        return ()


def _previews(data: bytes) -> Iterator[tuple[int, int]]:
    """Where JPEGs may begin, and how many bytes they have."""
    for directory in _all_directories(data):
        with suppress(*OUTSIDE):
            yield directory.number(_PREVIEW), directory.number(_PREVIEW_BYTES)
            yield directory.place(_PREVIEW_OF_PANASONIC)
            if directory.number(_COMPRESSION) in (6, 7):
                yield directory.number(_STRIP), directory.number(_STRIP_BYTES)
            yield from _preview_of_olympus(data, directory)


def _preview_of_olympus(data: bytes, directory: Directory) -> Iterator[tuple[int, int]]:
    """In the note that the camera's maker adds, whose offsets count from its own beginning."""
    note, _ = directory.place(_MAKER_NOTE)
    for start, position in _NOTES_OF_OLYMPUS.items():
        if note and data.startswith(start, note):
            order = directory.order
            notes = Directory(data, note + position, order=order, base=note)
            settings = Directory(data, note + notes.number(_SETTINGS), order=order, base=note)
            yield note + settings.number(_PREVIEW_OF_OLYMPUS), settings.number(_PREVIEW_BYTES_OF_OLYMPUS)


def _largest_preview(data: bytes, places: Iterator[tuple[int, int]]) -> Container:
    """The largest JPEG among those at some places; `InvalidImage` if it is not large enough."""
    found = {place for place in places if place[0] and place[1]}
    is_cut = any(start + length > len(data) for start, length in found)
    there = [place for place in found if data.startswith(b"\xff\xd8\xff", place[0])]
    readable = []
    for start, length in sorted(there, key=lambda place: place[1], reverse=True)[:MAX_PREVIEWS]:
        with suppress(InvalidImage, IndexError, *OUTSIDE):
            readable.append(jpeg.read(data[start : start + length]))
    largest = max(readable, key=lambda preview: preview.size[0] * preview.size[1], default=None)
    if largest is not None and max(largest.size) >= LEAST_SIDE:
        return largest
    if is_cut:
        raise InvalidImage(INCOMPLETE)
    size = f"only a picture of {largest.size[0]} x {largest.size[1]} pixels" if largest else "no picture"
    raise InvalidImage(
        f"This is a camera's raw file, with {size} in it that can be shown: export it as JPEG and upload that."
    )
