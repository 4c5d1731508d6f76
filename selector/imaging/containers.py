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

Format: TypeAlias = Literal["JPEG", "PNG", "WebP"]

# Far beyond any real file: a JPEG has some 10 segments (a large colour profile takes 40 more), a progressive
# one some 10 scans, a 20 MB PNG some 2,500 chunks, a WebP fewer than 10.
MAX_SEGMENTS = 2_000
MAX_SCANS = 32
MAX_CHUNKS = 50_000
# The largest profiles in use, for printing presses, have some 3 MB.
MAX_PROFILE_BYTES = 2**22

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
    raise InvalidImage(_advice(data))


def damaged(name: Format) -> InvalidImage:
    """The error for a file whose picture cannot be read."""
    return InvalidImage(f"The file is damaged and cannot be read as a {name} picture.")


# JPEG (ITU-T T.81)

_START_OF_SCAN = 0xDA
# Tables, frame headers, and the JFIF and Adobe segments that say what the channels mean.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEEDED = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xDA)) | {0x01}
# Not "\xff+": a long run of fill bytes would be searched again from each of its bytes.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")


def _read_jpeg(data: bytes) -> Container:
    kept, sizes, exif, profile = [b"\xff\xd8"], [], b"", {}
    for marker, content in _jpeg_segments(data):
        if marker in _NEEDED:
            kept.append(b"\xff%c" % marker + content)
        if marker in _FRAMES:
            sizes.append(struct.unpack_from(">HH", content, 3))
        elif marker == 0xE1 and content[2:8] == b"Exif\0\0":
            exif = exif or content[8:]
        elif marker == 0xE2 and content[2:14] == b"ICC_PROFILE\0":
            profile[content[14]] = content[16:]
        elif marker == _START_OF_SCAN:
            kept.append(b"\xff\xda" + _scans(content))
    if len(sizes) != 1 or 0 in sizes[0]:
        raise damaged("JPEG")
    icc = b"".join(part for _, part in sorted(profile.items()))
    return Container("JPEG", sizes[0][::-1], b"".join(kept), exif, icc)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content (length field first) of each segment; the last is the scan with all that follows."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, position)
        if not found:
            raise InvalidImage(INCOMPLETE)
        marker, position = found[1][0], found.end()
        if marker == _START_OF_SCAN:
            yield marker, data[position:]
            return
        if marker not in _WITHOUT_LENGTH:
            length = max(2, *struct.unpack_from(">H", data, position))
            yield marker, data[position : position + length]
            position += length
    raise damaged("JPEG")


def _scans(content: bytes) -> bytes:
    """The scans of a picture; refused if they are too many: a few bytes each, and each costs a pass over all pixels."""
    end = content.find(b"\xff\xd9")
    if content.count(b"\xff\xda", 0, end if end >= 0 else None) >= MAX_SCANS:
        raise damaged("JPEG")
    return content


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
    return Container("WebP", _webp_size(chunks), data, exif, profile)


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


# Everything else

_USE_INSTEAD = "upload a JPEG, PNG or WebP picture instead"
_EXPORT = "export it as JPEG and upload that"
_SAVE = "which cannot be read here: save it as JPEG or PNG and upload that"
_OTHERS = {
    rb".{4}ftyp(?:hei[cxms]|hev[cmsx]|mif1|msf1)": (
        "This is a HEIC photo, which browsers cannot show: export it as JPEG (on an iPhone: Settings > "
        "Camera > Formats > Most Compatible) and upload that."
    ),
    rb".{4}ftypavi[fs]": f"This is an AVIF picture, {_SAVE}.",
    rb".{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|IIU\0": f"This is a camera's raw file: {_EXPORT}.",
    rb"II[*+]\0|MM\0[*+]": f"This is a TIFF or a camera's raw file: {_EXPORT}.",
    rb".{4}ftyp|\x1a\x45\xdf\xa3|RIFF.{4}AVI |\0\0\x01[\xba\xb3]": (
        "This is a video, not a picture: save one of its frames as JPEG or PNG and upload that."
    ),
    rb"GIF8[79]a": f"This is a GIF, {_SAVE}.",
    rb"BM.{4}\0{4}": f"This is a BMP, {_SAVE}.",
    rb"\0\0\x01\0": f"This is an icon file, {_SAVE}.",
    rb"\xff\x0a|\0{3}\x0cJXL ": f"This is a JPEG XL picture, {_SAVE}.",
    rb"\0{3}\x0cjP |\xff\x4f\xff\x51": f"This is a JPEG 2000 picture, {_SAVE}.",
    rb"8BPS": f"This is a Photoshop document: {_EXPORT}.",
    rb"%PDF": "This is a PDF, not a picture: save the page or the picture in it as JPEG or PNG.",
    rb"PK\x03\x04": f"This is an archive or a document, not a picture: {_USE_INSTEAD}.",
}
_OTHER_KINDS = {re.compile(start, re.DOTALL): advice for start, advice in _OTHERS.items()}


def _advice(data: bytes) -> str:
    for start, advice in _OTHER_KINDS.items():
        if start.match(data):
            return advice
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in head and head.startswith(b"<"):
        return "This is an SVG drawing, not a photo: export it as PNG and upload that."
    if head.startswith((b"<!doctype html", b"<html")):
        return f"This is a web page, not a picture: save the picture itself, or {_USE_INSTEAD}."
    if _is_text(data[:1024]):
        return f"This is a text file, whatever its name says: {_USE_INSTEAD}."
    return f"This is no picture that can be read here: {_USE_INSTEAD}."


def _is_text(head: bytes) -> bool:
    try:
        # The cut may go through a character of up to four bytes.
        text = head.decode() if len(head) < 1024 else head.decode(errors="ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
