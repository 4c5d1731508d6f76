"""Tiny images made in memory, for tests."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
Row = tuple[float, float, float]

# Primaries as XYZ under D50, the columns of an RGB profile's matrix.
SRGB: tuple[Row, Row, Row] = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
DISPLAY_P3: tuple[Row, Row, Row] = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)


def encoded(image: Image.Image, fmt: str = "PNG", **options: Any) -> bytes:
    """The image as a file of one format."""
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def decoded(data: bytes, mode: str) -> Pixels:
    """The pixels of a file, brought to a Pillow mode."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


# PNG files of every kind, also those Pillow cannot write


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def raw_png(
    size: tuple[int, int], bit_depth: int, colour_type: int, rows: Sequence[bytes], extra: bytes = b""
) -> bytes:
    """A PNG of packed rows; `extra` holds the chunks before the picture's data."""
    header = struct.pack(">IIBBBBB", *size, bit_depth, colour_type, 0, 0, 0)
    compressor = zlib.compressobj(1)
    picture = b"".join(compressor.compress(b"\0" + row) for row in rows) + compressor.flush()
    chunks = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", picture) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


# EXIF


def exif(orientation: int, order: str = "<", tag_type: str = "H") -> bytes:
    """EXIF data with nothing but an orientation."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(order + tag_type, orientation).ljust(4, b"\0")
    entry = struct.pack(f"{order}HHI", 0x0112, {"H": 3, "I": 4}[tag_type], 1) + value
    return start + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4)


# ICC profiles (ICC.1:2022), as small as they can be

# The curve of sRGB: gamma, scale and offset above the break at d, slope below it.
SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + b"".join(
    struct.pack(">i", round(value * 65536)) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
)
LINEAR_CURVE = b"curv\0\0\0\0\0\0\0\0"


def icc_profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile from a device colour space to a connection space."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content.ljust(-(-len(content) // 4) * 4, b"\0")
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x04000000, b"mntr", space, connection)
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp").ljust(44, b"\0") + _fixed(D50)
    return header.ljust(128, b"\0") + table + body


def rgb_profile(primaries: Sequence[Row], curve: bytes = SRGB_CURVE) -> bytes:
    """A matrix profile: linear light of each channel times its primary."""
    columns = {
        name + b"XYZ": b"XYZ \0\0\0\0" + _fixed(column)
        for name, column in zip((b"r", b"g", b"b"), primaries, strict=True)
    }
    curves = {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    return icc_profile(b"RGB ", b"XYZ ", {b"wtpt": b"XYZ \0\0\0\0" + _fixed(D50), **columns, **curves})


def grey_profile(curve: bytes) -> bytes:
    return icc_profile(b"GRAY", b"XYZ ", {b"wtpt": b"XYZ \0\0\0\0" + _fixed(D50), b"kTRC": curve})


def cmyk_profile(lab_of_inks: Mapping[tuple[int, ...], Row]) -> bytes:
    """A press that prints these Lab colours for full inks, white for none, and black for all others."""
    colours: dict[tuple[int, ...], Row] = {(0, 0, 0, 0): (100, 0, 0), **lab_of_inks}
    grid = [colours.get(inks, (0, 0, 0)) for inks in product((0, 1), repeat=4)]
    clut = bytes(round(value) for L, a, b in grid for value in (L * 2.55, a + 128, b + 128))
    identity = bytes(range(256))
    matrix = _fixed((1, 0, 0)) + _fixed((0, 1, 0)) + _fixed((0, 0, 1))
    lut = b"mft1\0\0\0\0\4\3\2\0" + matrix + identity * 4 + clut + identity * 3
    return icc_profile(b"CMYK", b"Lab ", {b"A2B0": lut, b"A2B1": lut})


D50: Row = (0.9642, 1.0, 0.8249)


def _fixed(values: Row) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))
