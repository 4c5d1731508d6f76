"""A few facts of EXIF data: which way is up, on which day the picture was made, how large it is, in which colours.

They are read entry by entry and not by a library: entries may all point at one large value, and reading them all would
take all memory. Data that is broken counts as missing.
"""

from __future__ import annotations

import datetime
import re
import struct
from collections.abc import Iterator

_ORIENTATION, _DATE_TIME, _EXIF_DIRECTORY, _DATE_TIME_ORIGINAL = 0x0112, 0x0132, 0x8769, 0x9003
_RESOLUTION_ACROSS, _RESOLUTION_DOWN, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_COLOUR_SPACE, _INTEROPERABILITY_DIRECTORY, _INTEROPERABILITY_INDEX = 0xA001, 0xA005, 0x0001
_TEXT, _SHORT, _LONG, _RATIO = 2, 3, 4, 5
_UNCALIBRATED = 0xFFFF
# A camera's directories have some 50.
MAX_ENTRIES = 1_000
# Dots per metre in a dot per inch, and in one per centimetre.
_UNITS = {2: 1 / 0.0254, 3: 100.0}
# In dots per inch: by the EXIF standard this is written when the resolution is not known.
UNKNOWN_RESOLUTION = 72
# "2024:05:01 12:30:00"; some writers take other separators. Only the day is wanted.
_DAY = re.compile(rb"(\d{4})([:/-])(\d\d)\2(\d\d)(?!\d)")


def read_orientation(exif: bytes) -> int | None:
    """The orientation, 1 to 8 as in EXIF; None if there is none or it is broken."""
    value = _number(exif, _first_directory(exif), _ORIENTATION)
    return value if value is not None and 1 <= value <= 8 else None


def read_day(exif: bytes) -> datetime.date | None:
    """The day on which the picture was made, else that of its last change, which is the same for most files."""
    first = _first_directory(exif)
    made = _day(exif, _number(exif, first, _EXIF_DIRECTORY), _DATE_TIME_ORIGINAL)
    return made or _day(exif, first, _DATE_TIME)


def read_resolution(exif: bytes) -> tuple[float, float] | None:
    """Dots per metre, across and down; None if they are not known."""
    first = _first_directory(exif)
    unit = _UNITS.get(_number(exif, first, _RESOLUTION_UNIT) or 2)
    across, down = (_ratio(exif, first, tag) for tag in (_RESOLUTION_ACROSS, _RESOLUTION_DOWN))
    if unit is None or not across or not down or across == down == UNKNOWN_RESOLUTION:
        return None
    return across * unit, down * unit


def is_adobe_rgb(exif: bytes) -> bool:
    """Whether the colours are those of Adobe RGB, as cameras say it by the rules for their files (DCF)."""
    details = _number(exif, _first_directory(exif), _EXIF_DIRECTORY)
    if _number(exif, details, _COLOUR_SPACE) != _UNCALIBRATED:
        return False
    directory = _number(exif, details, _INTEROPERABILITY_DIRECTORY)
    entries = _entries(exif, directory, _INTEROPERABILITY_INDEX)
    return any(kind == _TEXT and exif[position : position + 4] == b"R03\0" for kind, _, position in entries)


def _day(exif: bytes, directory: int | None, tag: int) -> datetime.date | None:
    """The day in the entry of a directory with a tag; None if there is no such day."""
    for kind, count, position in _entries(exif, directory, tag):
        if kind != _TEXT or count <= 4:
            return None
        (start,) = struct.unpack_from(f"{_order(exif)}I", exif, position)
        found = _DAY.match(exif, start, start + count)
        try:
            return datetime.date(*(int(found[part]) for part in (1, 3, 4))) if found else None
        except ValueError:  # The 31st of February, or zeros from a camera whose clock was never set.
            return None
    return None


def _number(exif: bytes, directory: int | None, tag: int) -> int | None:
    """The number in the entry of a directory with a tag; None if there is no such number."""
    for kind, _, position in _entries(exif, directory, tag):
        if kind in (_SHORT, _LONG):
            (value,) = struct.unpack_from(_order(exif) + ("H" if kind == _SHORT else "I"), exif, position)
            return int(value)
    return None


def _ratio(exif: bytes, directory: int | None, tag: int) -> float | None:
    """The ratio of two whole numbers in the entry of a directory with a tag; None if there is no such ratio."""
    for kind, _, position in _entries(exif, directory, tag):
        (start,) = struct.unpack_from(f"{_order(exif)}I", exif, position)
        if kind == _RATIO and start + 8 <= len(exif):
            over, under = struct.unpack_from(f"{_order(exif)}II", exif, start)
            return over / under if under else None
    return None


def _entries(exif: bytes, directory: int | None, wanted: int) -> Iterator[tuple[int, int, int]]:
    """Kind, count, and the position of the value or of its address, of each entry of a directory with a tag."""
    if directory is None:
        return
    order = _order(exif)
    try:
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for entry in range(directory + 2, directory + 2 + 12 * min(count, MAX_ENTRIES), 12):
            tag, kind, length = struct.unpack_from(f"{order}HHI", exif, entry)
            if tag == wanted and entry + 12 <= len(exif):
                yield kind, length, entry + 8
    except struct.error:
        return


def _first_directory(exif: bytes) -> int | None:
    """Where the first directory begins; None if this is no EXIF data."""
    if not _order(exif) or len(exif) < 8:
        return None
    (start,) = struct.unpack_from(f"{_order(exif)}I", exif, 4)
    return int(start)


def _order(exif: bytes) -> str:
    """The order of the bytes of a number, as `struct` writes it; empty if this is no EXIF data."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4], "")
