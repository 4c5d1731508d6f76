"""PNG files (ISO/IEC 15948): their chunks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from selector.imaging.containers.container import MAX_CHUNKS, MAX_PROFILE_BYTES, Container, InvalidImage, damaged

START = b"\x89PNG\r\n\x1a\n"
FOR_APPLE_ALONE = (
    "This PNG comes out of an iPhone app, in a form that only Apple's programs read: open it on a Mac or an iPhone, "
    "save it as an ordinary PNG or JPEG and upload that."
)


def read(data: bytes) -> Container:
    """The container of a file that begins as a PNG does."""
    kept = [START]
    facts: dict[bytes, bytes] = {}
    for name, chunk in _png_chunks(data):
        if name == b"CgBI":
            raise InvalidImage(FOR_APPLE_ALONE)
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
