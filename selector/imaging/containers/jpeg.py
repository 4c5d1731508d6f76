"""JPEG files (ITU-T T.81): their segments, up to the real end of the picture."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from selector.imaging.containers.container import INCOMPLETE, Container, InvalidImage, damaged
from selector.imaging.containers.jpeg_scans import Scan, read_scan
from selector.imaging.exif import UNKNOWN_RESOLUTION, read_resolution

# Far beyond any real file: a JPEG has some 10 segments (a large colour profile takes 40 more), a progressive one some
# 10 scans.
MAX_SEGMENTS = 2_000
MAX_SCANS = 32

# What is kept of a JPEG in several scans until the last one: two bytes a coefficient, the file, and the stream.
MAX_BUFFERED_BYTES = 280 * 2**20

TOO_MANY_SCANS = (
    f"This JPEG draws its picture in more than {MAX_SCANS} passes. Save it as a plain JPEG and upload that."
)

TOO_LARGE_FOR_SCANS = (
    "This JPEG draws its picture in several passes, for which it is too large here: save it as a plain JPEG, which is "
    "not progressive, and upload that."
)
_SAVE = "which cannot be read here: save it as an ordinary JPEG, or as PNG, and upload that"

END = b"\xff\xd9"
_START_OF_SCAN, _END_OF_IMAGE, _HIERARCHICAL, _JPEG_LS = 0xDA, 0xD9, 0xDE, 0xF7
# By the marker of the frame; hierarchical ones have several.
_OTHER_FRAMES = {
    _HIERARCHICAL: "a hierarchical JPEG, of several sizes of the picture",
    _JPEG_LS: "a JPEG-LS, a lossless picture of a medical or scientific device",
    **dict.fromkeys((0xC3, 0xCB), "a lossless JPEG, as medical devices and cameras' raw files have it"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG, of several sizes of the picture"),
}
# Tables, frame headers, and the JFIF and Adobe segments that say what the channels mean.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Decoded row by row, if there is one scan; the others are kept whole until the last one.
_SEQUENTIAL = (0xC0, 0xC1)
_NEEDED = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xDA)) | {0x01}
# Not "\xff+": a long run of fill bytes would be searched again from each of its bytes.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# Once the picture has begun: zero stands for \xff itself, restarts belong to it, and others mean nothing to decoders.
_MARKER_IN_PICTURE = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")


def read(data: bytes) -> Container:
    """The container of a file that begins as a JPEG does."""
    kept, frames, scans, said = [b"\xff\xd8"], [], [], _Metadata()
    end = len(data)
    for marker, start, content in _jpeg_segments(data):
        if marker == _START_OF_SCAN:
            scans.append(start)
        elif scans:
            # What comes between scans is kept with them, all in one piece.
            end = start if marker == _END_OF_IMAGE else end
            continue
        elif marker in _OTHER_FRAMES:
            raise InvalidImage(f"This is {_OTHER_FRAMES[marker]}, {_SAVE}.")
        elif marker in _FRAMES:
            frames.append((marker, content))
        else:
            said.note(marker, content)
        if marker in _NEEDED and not scans:
            kept.append(b"\xff%c" % marker + content)
    if not scans:
        raise InvalidImage(INCOMPLETE)
    if len(scans) > MAX_SCANS:
        raise InvalidImage(TOO_MANY_SCANS)
    if len(frames) != 1:
        raise damaged("JPEG")
    size = _size_of_frame(frames[0][1])
    is_sequential = frames[0][0] in _SEQUENTIAL and len(scans) == 1
    if not is_sequential and _coefficient_bytes(frames[0][1]) + 2 * len(data) > MAX_BUFFERED_BYTES:
        raise InvalidImage(TOO_LARGE_FOR_SCANS)
    kept += [b"\xff\xda", data[scans[0] : end]]
    return Container(
        "JPEG",
        size,
        b"".join(kept),
        said.first.get("EXIF", b""),
        profile=said.profile,
        dots_per_metre=_density(said.first.get("JFIF", b"")) or read_resolution(said.first.get("EXIF", b"")),
        xmp=said.first.get("XMP", b""),
        is_decoded_in_pieces=is_sequential,
    )


class _Metadata:
    """The first segment of each kind of metadata, and the pieces of the colour profile."""

    KINDS = ((0xE0, b"JFIF\0", "JFIF"), (0xE1, b"Exif\0\0", "EXIF"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0", "XMP"))

    def __init__(self) -> None:
        self.first: dict[str, bytes] = {}
        self._profile: dict[int, bytes] = {}

    def note(self, marker: int, content: bytes) -> None:
        """Keep what a segment says, if it is of one of these kinds."""
        for kind, start, name in self.KINDS:
            if marker == kind and content[2:].startswith(start):
                self.first.setdefault(name, content[2 + len(start) :])
        if marker == 0xE2 and content[2:14] == b"ICC_PROFILE\0":
            self._profile[content[14]] = content[16:]

    @property
    def profile(self) -> bytes:
        """Of its pieces, in the order of their numbers."""
        return b"".join(piece for _, piece in sorted(self._profile.items()))


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


def scans_of(stream: bytes) -> tuple[list[Scan], int]:
    """The scans of a file that was read before, and how many components its picture has."""
    scans, n_components = [], 1
    for marker, _, content in _jpeg_segments(stream):
        if marker in _FRAMES:
            n_components = content[7]
        elif marker == _START_OF_SCAN and len(content) >= 6 + 2 * content[2]:
            scans.append(read_scan(content))
    return scans, n_components


def _size_of_frame(frame: bytes) -> tuple[int, int]:
    """Width and height in the header of a frame, which says as well how many bits a sample has."""
    precision, height, width = struct.unpack_from(">BHH", frame, 2)
    if not height or not width:
        raise damaged("JPEG")
    if precision != 8:
        raise InvalidImage(f"This JPEG has {precision} bits a channel, {_SAVE}.")
    return width, height


def _coefficient_bytes(frame: bytes) -> int:
    """Of the coefficients of a whole picture: two bytes for each sample of each component."""
    height, width, n_components = struct.unpack_from(">HHB", frame, 3)
    factors = [(both >> 4, both & 15) for both in frame[9 : 9 + 3 * n_components : 3]]
    most_across, most_down = (max(1, *sides) for sides in zip(*factors, (1, 1), strict=True))
    return sum(2 * width * height * across * down // (most_across * most_down) for across, down in factors)


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
