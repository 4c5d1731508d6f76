"""JPEG files (ITU-T T.81): their segments, up to the real end of the picture."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from selector.imaging.containers.container import INCOMPLETE, Container, InvalidImage, damaged
from selector.imaging.exif import UNKNOWN_RESOLUTION, read_resolution

# Far beyond any real file: a JPEG has some 10 segments (a large colour profile takes 40 more), a progressive one some
# 10 scans.
MAX_SEGMENTS = 2_000
MAX_SCANS = 32

TOO_MANY_SCANS = (
    f"This JPEG draws its picture in more than {MAX_SCANS} passes. Save it as a plain JPEG and upload that."
)

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Tables, frame headers, and the JFIF and Adobe segments that say what the channels mean.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEEDED = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xDA)) | {0x01}
# Not "\xff+": a long run of fill bytes would be searched again from each of its bytes.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# Once the picture has begun: zero stands for \xff itself, restarts belong to it, and others mean nothing to decoders.
_MARKER_IN_PICTURE = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")


def read(data: bytes) -> Container:
    """The container of a file that begins as a JPEG does."""
    kept, sizes, exif, profile, scans = [b"\xff\xd8"], [], b"", {}, []
    jfif, xmp = b"", b""
    end = len(data)
    for marker, start, content in _jpeg_segments(data):
        if marker == _START_OF_SCAN:
            scans.append(start)
        elif scans:
            # What comes between scans is kept with them, all in one piece.
            end = start if marker == _END_OF_IMAGE else end
            continue
        elif marker in _FRAMES:
            sizes.append(struct.unpack_from(">HH", content, 3))
        elif marker == 0xE1 and content[2:8] == b"Exif\0\0":
            exif = exif or content[8:]
        elif marker == 0xE1 and content[2:].startswith(_XMP):
            xmp = xmp or content[2 + len(_XMP) :]
        elif marker == 0xE0 and content[2:7] == b"JFIF\0":
            jfif = jfif or content[7:]
        elif marker == 0xE2 and content[2:14] == b"ICC_PROFILE\0":
            profile[content[14]] = content[16:]
        if marker in _NEEDED and not scans:
            kept.append(b"\xff%c" % marker + content)
    if not scans:
        raise InvalidImage(INCOMPLETE)
    if len(scans) > MAX_SCANS:
        raise InvalidImage(TOO_MANY_SCANS)
    if len(sizes) != 1 or 0 in sizes[0]:
        raise damaged("JPEG")
    kept += [b"\xff\xda", data[scans[0] : end]]
    icc = b"".join(part for _, part in sorted(profile.items()))
    dots_per_metre = _density(jfif) or read_resolution(exif)
    return Container("JPEG", sizes[0][::-1], b"".join(kept), exif, icc, dots_per_metre=dots_per_metre, xmp=xmp)


def _density(jfif: bytes) -> tuple[float, float] | None:
    """Dots per metre, across and down, by JFIF's header after its name; None if they are not known."""
    if len(jfif) < 7:
        return None
    unit, across, down = struct.unpack_from(">BHH", jfif, 2)
    dots_per_metre = {1: 1 / 0.0254, 2: 100.0}.get(unit)
    # Programs that know nothing write what EXIF asks for then.
    if dots_per_metre is None or not across or not down or (unit == 1 and across == down == UNKNOWN_RESOLUTION):
        return None
    return across * dots_per_metre, down * dots_per_metre


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Marker, where what follows it begins, and content (length field first) of each segment, to the real end.

    The compressed picture between them is passed over as decoders do: nothing in it counts but a marker that they act
    on, and nothing inside a segment looks like one to them.
    """
    position, pattern = 2, _MARKER
    for _ in range(MAX_SEGMENTS):
        found = pattern.search(data, position)
        if not found:
            return
        marker, position = found[1][0], found.end()
        if marker == _START_OF_SCAN:
            pattern = _MARKER_IN_PICTURE
        if marker in _WITHOUT_LENGTH:
            yield marker, position, b""
        else:
            length = max(2, *struct.unpack_from(">H", data, position)) if position + 2 <= len(data) else 2
            yield marker, position, data[position : position + length]
            position += length
        if marker == _END_OF_IMAGE and pattern is _MARKER_IN_PICTURE:
            return
    raise damaged("JPEG")
