"""One fact of XMP metadata: which way is up.

It is searched for and not parsed: XML has traps of its own, and one attribute is all that is wanted.
"""

from __future__ import annotations

import re

# Packets have a few kilobytes, and edits of a raw file make them longer; what is wanted is near the beginning.
MAX_BYTES = 2**20
# As an attribute, or as an element.
_ORIENTATION = re.compile(rb"tiff:Orientation(?:\s{0,9}=\s{0,9}[\"']|\s{0,9}>\s{0,9})([1-8])(?![0-9])")


def read_xmp_orientation(packet: bytes) -> int | None:
    """The orientation, 1 to 8 as in EXIF; None if the packet does not say."""
    found = _ORIENTATION.search(packet, 0, MAX_BYTES)
    return int(found[1]) if found else None
