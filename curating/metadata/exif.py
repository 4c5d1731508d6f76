"""The texts of EXIF data. `selector.imaging.exif` reads which way is up; where the picture was made nobody reads."""

from __future__ import annotations

import struct

from curating.metadata.texts import LONGEST, cleaned, decoded

_EXIF_DIRECTORY = 0x8769
# In the first directory: text, and what Windows has written as UTF-16.
_TEXTS = {0x010E: "description", 0x013B: "creator", 0x8298: "copyright"}
_OF_WINDOWS = {0x9C9B: "title", 0x9C9C: "comment", 0x9C9D: "author", 0x9C9E: "keywords", 0x9C9F: "subject"}
# In the directory of EXIF itself.
_ORIGINAL = {0x9003: "made"}
# Entries may be thousands, all pointing at the same megabytes.
_MOST_ENTRIES = 300


def exif_texts(exif: bytes) -> dict[str, str]:
    """The texts by names of ours, without empty ones. Data that is broken counts as missing."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return {}
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    found, inner = _texts_in(exif, order, first, _TEXTS | _OF_WINDOWS)
    if inner is not None:
        found |= _texts_in(exif, order, inner, _ORIGINAL)[0]
    return {name: text for name, text in found.items() if text}


def _texts_in(exif: bytes, order: str, directory: int, wanted: dict[int, str]) -> tuple[dict[str, str], int | None]:
    """The wanted texts of a directory, and where the directory of EXIF itself is."""
    found: dict[str, str] = {}
    inner = None
    try:
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for entry in range(directory + 2, directory + 2 + 12 * min(count, _MOST_ENTRIES), 12):
            tag, _, length, value = struct.unpack_from(f"{order}HHII", exif, entry)
            if tag == _EXIF_DIRECTORY:
                inner = value
            elif tag in wanted and wanted[tag] not in found:
                start = entry + 8 if length <= 4 else value
                data = exif[start : start + min(length, 2 * LONGEST)]
                is_wide = tag in _OF_WINDOWS
                found[wanted[tag]] = cleaned(data.decode("utf-16-le", "ignore")) if is_wide else decoded(data)
    except struct.error:
        pass
    return found, inner
