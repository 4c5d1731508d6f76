"""PNG files (ISO/IEC 15948): their chunks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from selector.imaging.containers.animated_png import FirstFrame
from selector.imaging.containers.container import MAX_CHUNKS, MAX_PROFILE_BYTES, Container, damaged
from selector.imaging.exif import read_resolution

START = b"\x89PNG\r\n\x1a\n"
XMP = b"XML:com.adobe.xmp\0"
_FACTS = frozenset((b"IHDR", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"cLLI", b"mDCV", b"pHYs", b"eXIf"))
_BEFORE_PICTURE = _FACTS - {b"eXIf"}


def read(data: bytes) -> Container:
    """The container of a file that begins as a PNG does."""
    kept = [START]
    facts: dict[bytes, bytes] = {}
    frame = FirstFrame()
    for name, chunk in _png_chunks(data):
        content = chunk[8:-4]
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(chunk)
        if name in _FACTS and not (frame.has_picture and name in _BEFORE_PICTURE):
            facts.setdefault(name, content)
        if name == b"iTXt" and content.startswith(XMP):
            facts.setdefault(name, content)
        frame.add(name, content)
    if b"IHDR" not in facts:
        raise damaged("PNG")
    width, height, bit_depth = struct.unpack_from(">IIB", facts[b"IHDR"])
    if not width or not height:
        raise damaged("PNG")
    container = Container(
        "PNG",
        (width, height),
        b"".join(kept),
        exif=facts.get(b"eXIf", b""),
        profile=_inflated_profile(facts.get(b"iCCP", b"")),
        gamma=_gamma(facts),
        bit_depth=bit_depth,
        cicp=_cicp(facts),
        chromaticities=_chromaticities(facts),
        dots_per_metre=_dots_per_metre(facts.get(b"pHYs", b"")) or read_resolution(facts.get(b"eXIf", b"")),
        peak=_peak(facts),
        xmp=_xmp(facts.get(b"iTXt", b"")),
    )
    if part := frame.place((width, height)):
        stream = frame.still(kept)
        return replace(container, stream=stream, part=part if part != (0, 0, width, height) else None)
    return container


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and whole chunk (length, name, content, checksum), the last one perhaps cut short."""
    position = len(START)
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


def _chromaticities(facts: dict[bytes, bytes]) -> tuple[float, ...] | None:
    if b"sRGB" in facts or len(facts.get(b"cHRM", b"")) != 32:
        return None
    return tuple(number / 100_000 for number in struct.unpack(">8I", facts[b"cHRM"]))


def _cicp(facts: dict[bytes, bytes]) -> tuple[int, int, int, int] | None:
    """The numbers of cICP; None if they are not of RGB in its full range, which is all that a PNG can hold."""
    if len(facts.get(b"cICP", b"")) != 4:
        return None
    primaries, transfer, matrix, full_range = facts[b"cICP"]
    return (primaries, transfer, matrix, full_range) if (matrix, full_range) == (0, 1) else None


def _peak(facts: dict[bytes, bytes]) -> float | None:
    """The brightest light of the picture, else that of the display it was made on, in cd/m²."""
    if len(levels := facts.get(b"cLLI", b"")) == 8:
        peak, _ = struct.unpack(">II", levels)
    elif len(display := facts.get(b"mDCV", b"")) == 24:
        peak, _ = struct.unpack_from(">II", display, 16)
    else:
        return None
    return peak / 10_000 or None


def _dots_per_metre(chunk: bytes) -> tuple[float, float] | None:
    if len(chunk) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", chunk)
    return (float(across), float(down)) if across and down and unit == 1 else None


def _xmp(chunk: bytes) -> bytes:
    """The packet in a text chunk that is not compressed, as XMP asks; it follows two flags, a language and a title."""
    flags_and_rest = chunk[len(XMP) :]
    return flags_and_rest[2:].split(b"\0", 2)[-1] if flags_and_rest[:1] == b"\0" else b""
