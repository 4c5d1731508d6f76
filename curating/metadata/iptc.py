"""IPTC data as Photoshop and press agencies write it into JPEG files (IIM, in an image resource)."""

from __future__ import annotations

import struct

from curating.metadata.texts import LONGEST, cleaned, decoded

_RESOURCES = b"Photoshop 3.0\0"
_IPTC = b"8BIM\x04\x04"
# It stands before the picture; a segment has 64 kB, and there may be some of EXIF and profiles before it.
_LOOKED_THROUGH = 2**22
_MOST_SETS = 1000
_UTF_8 = b"\x1b%G"
_ONCE = {5: "title", 105: "headline", 120: "description", 116: "copyright", 55: "made"}
_REPEATED = {25: "keywords", 80: "creator"}


def iptc_texts(data: bytes) -> dict[str, list[str]]:
    """The texts of a file by names of ours, each a list. Data that is broken counts as missing."""
    start = data.find(_RESOURCES, 0, _LOOKED_THROUGH)
    start = data.find(_IPTC, start, start + _LOOKED_THROUGH) if start >= 0 else -1
    if start < 0:
        return {}
    # A name with its length, together even; then the length of the data.
    start += len(_IPTC)
    if start >= len(data):
        return {}
    start += 1 + data[start] + (1 + data[start]) % 2
    if start + 4 > len(data):
        return {}
    (length,) = struct.unpack_from(">I", data, start)
    return _sets(data[start + 4 : start + 4 + min(length, 2**18)])


def _sets(data: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    is_utf_8, position = False, 0
    for _ in range(_MOST_SETS):
        if position + 5 > len(data) or data[position] != 0x1C:
            break
        record, number, length = struct.unpack_from(">BBH", data, position + 1)
        value = data[position + 5 : position + 5 + min(length, LONGEST)]
        if length & 0x8000:  # An extended length: films have them, captions do not.
            break
        position += 5 + length
        if (record, number) == (1, 90):
            is_utf_8 = value == _UTF_8
        name = _ONCE.get(number) or _REPEATED.get(number) if record == 2 else None
        if name and (number in _REPEATED or name not in found):
            text = cleaned(value.decode("utf-8", "replace")) if is_utf_8 else decoded(value)
            if text:
                found.setdefault(name, []).append(text)
    return found
