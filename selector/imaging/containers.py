"""The outside of JPEG, PNG and WebP files: what they are, how large, which way up, in which colours.

A decoder should see nothing but the picture. Metadata is where image files hide their traps: a million
empty segments, thousands of entries that all point at the same megabytes, text that inflates without end. So
the few facts that matter (size, EXIF, colour profile) are read here, in bounded time and memory, and
the decoder gets a stream with everything else left out. A phone's MPO becomes a plain JPEG that way, an
animated PNG a still one. Other kinds of files are recognised to tell people what to do with them.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from selector.imaging.exif import read_orientation
from selector.imaging.other_kinds import advice

Format: TypeAlias = Literal["JPEG", "PNG", "WebP"]

# Far beyond any real file: a JPEG has some 10 segments (a large colour profile takes 40 more), a progressive
# one some 10 scans, a 20 MB PNG some 2,500 chunks, a WebP fewer than 10.
MAX_SEGMENTS = 2_000
MAX_SCANS = 32
MAX_CHUNKS = 50_000
# The largest profiles in use, for printing presses, have some 3 MB.
MAX_PROFILE_BYTES = 2**22

TOO_MANY_SCANS = (
    f"This JPEG draws its picture in more than {MAX_SCANS} passes. Save it as a plain JPEG and upload that."
)
INCOMPLETE = "The file is incomplete: it ends before the picture does."


class InvalidImage(ValueError):
    """The bytes are no picture this site can use; its text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Container:
    """What is known of an image file before it is decoded.

    Attributes
    ----------
    format : {"JPEG", "PNG", "WebP"}
    size : (width, height)
        As stored, before turning upright; both at least 1.
    stream : bytes
        A file of the same format with the picture alone.
    exif : bytes
        Unchecked, for `selector.imaging.exif` to read; empty if there is none.
    profile : bytes
        An ICC profile, unchecked; empty if there is none.
    gamma : float or None
        Of a PNG that names its gamma and no colour space.
    bit_depth : int
        Of a PNG's samples; 8 for the others.
    """

    format: Format
    size: tuple[int, int]
    stream: bytes
    exif: bytes = b""
    profile: bytes = b""
    gamma: float | None = None
    bit_depth: int = 8

    @property
    def mime(self) -> str:
        """The media type, such as "image/jpeg"."""
        return f"image/{self.format.lower()}"

    @property
    def orientation(self) -> int:
        """1 to 8, as in EXIF."""
        return read_orientation(self.exif)


def read_container(data: bytes) -> Container:
    """What an image file is, by its bytes and not by its name.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Container

    Raises
    ------
    InvalidImage
        If it is no JPEG, PNG or WebP, or its structure is broken.
    """
    if not data:
        raise InvalidImage("The file is empty.")
    for start, reader in _READERS.items():
        if start.match(data):
            try:
                return reader(data)
            except (struct.error, IndexError) as error:
                raise InvalidImage(INCOMPLETE) from error
    raise InvalidImage(advice(data))


def damaged(name: Format) -> InvalidImage:
    """The error for a file whose picture cannot be read."""
    return InvalidImage(f"The file is damaged and cannot be read as a {name} picture.")


# JPEG (ITU-T T.81)

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Tables, frame headers, and the JFIF and Adobe segments that say what the channels mean.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEEDED = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xDA)) | {0x01}
# Not "\xff+": a long run of fill bytes would be searched again from each of its bytes.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# Once the picture has begun: zero stands for \xff itself, restarts belong to it, and others mean nothing to decoders.
_MARKER_IN_PICTURE = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")


def _read_jpeg(data: bytes) -> Container:
    kept, sizes, exif, profile, scans = [b"\xff\xd8"], [], b"", {}, []
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
    return Container("JPEG", sizes[0][::-1], b"".join(kept), exif, icc)


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


# PNG (ISO/IEC 15948)

_PNG_START = b"\x89PNG\r\n\x1a\n"


def _read_png(data: bytes) -> Container:
    kept = [_PNG_START]
    facts: dict[bytes, bytes] = {}
    for name, chunk in _png_chunks(data):
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(chunk)
        if name in (b"IHDR", b"gAMA", b"sRGB", b"iCCP", b"eXIf"):
            facts.setdefault(name, chunk[8:-4])
    if b"IHDR" not in facts:
        raise damaged("PNG")
    width, height, bit_depth = struct.unpack_from(">IIB", facts[b"IHDR"])
    if not width or not height:
        raise damaged("PNG")
    exif = facts.get(b"eXIf", b"")
    profile = _inflated_profile(facts.get(b"iCCP", b""))
    return Container("PNG", (width, height), b"".join(kept), exif, profile, _gamma(facts), bit_depth)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and whole chunk (length, name, content, checksum), the last one perhaps cut short."""
    position = len(_PNG_START)
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position : position + 12 + length]
        position += 12 + length
        if name == b"IEND":
            return
    raise damaged("PNG")


def _inflated_profile(chunk: bytes) -> bytes:
    """The profile that follows a name, a zero and a method; empty if it does not inflate."""
    _, _, compressed = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(compressed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""


def _gamma(facts: dict[bytes, bytes]) -> float | None:
    if b"sRGB" in facts or len(facts.get(b"gAMA", b"")) != 4:
        return None
    (gamma,) = struct.unpack(">I", facts[b"gAMA"])
    return gamma / 100_000 or None


# WebP (RFC 9649)


def _read_webp(data: bytes) -> Container:
    chunks: dict[bytes, bytes] = {}
    for name, content in _riff_chunks(data):
        chunks.setdefault(name, content)
    profile = chunks.get(b"ICCP", b"")
    # Some writers begin the chunk as JPEG's segment begins.
    exif = chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    size = _webp_size(chunks)
    return Container("WebP", size, _first_frame(chunks.get(b"ANMF", b""), size) or data, exif, profile)


def _first_frame(frame: bytes, canvas: tuple[int, int]) -> bytes:
    """The first frame of an animation as a still picture; empty if it does not fill the canvas, or there is none."""
    if len(frame) < 16 or frame[:12] != bytes(6) + _three_bytes(canvas[0] - 1) + _three_bytes(canvas[1] - 1):
        return b""
    header = b"\x10\0\0\0" + frame[6:12] if frame[16:20] == b"ALPH" else b""
    chunks = b"WEBP" + (b"VP8X" + struct.pack("<I", len(header)) + header if header else b"") + frame[16:]
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _three_bytes(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return
        name, length = struct.unpack_from("<4sI", data, position)
        yield name, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    raise damaged("WebP")


def _webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """The size of the canvas, read before a decoder makes room for it."""
    if canvas := chunks.get(b"VP8X"):
        *_, width, more_width, height, more_height = struct.unpack_from("<IHBHB", canvas)
        return width + (more_width << 16) + 1, height + (more_height << 16) + 1
    if lossless := chunks.get(b"VP8L"):
        (sizes,) = struct.unpack_from("<I", lossless, 1)
        return (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1
    if lossy := chunks.get(b"VP8 "):
        width, height = struct.unpack_from("<HH", lossy, 6)
        if width & 0x3FFF and height & 0x3FFF:
            return width & 0x3FFF, height & 0x3FFF
    raise damaged("WebP")


_READERS = {
    re.compile(rb"\xff\xd8\xff"): _read_jpeg,
    re.compile(re.escape(_PNG_START)): _read_png,
    re.compile(rb"RIFF....WEBP", re.DOTALL): _read_webp,
}
