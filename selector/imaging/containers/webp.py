"""WebP files (RFC 9649): their chunks."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from selector.imaging.containers.container import MAX_CHUNKS, Container, damaged
from selector.imaging.exif import read_resolution


def read(data: bytes) -> Container:
    """The container of a file that begins as a WebP does."""
    chunks: dict[bytes, bytes] = {}
    for name, content in _riff_chunks(data):
        chunks.setdefault(name, content)
    profile = chunks.get(b"ICCP", b"")
    # Some writers begin the chunk as JPEG's segment begins.
    exif = chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    size = _webp_size(chunks)
    return Container(
        "WebP",
        size,
        _first_frame(chunks.get(b"ANMF", b""), size) or data,
        exif,
        profile,
        dots_per_metre=read_resolution(exif),
        xmp=chunks.get(b"XMP ", b""),
    )


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
