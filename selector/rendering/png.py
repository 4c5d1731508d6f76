"""PNG files (ISO/IEC 15948) written without an image library: layers of a few colours, and large pictures in strips.

Layers have two or three colours, so they are palette images of 1 or 2 bits a pixel. Thin lines are smallest as the
differences between rows with only runs matched (`zlib.Z_RLE`), which is ten times faster too; areas, whose rows are
mostly the row above moved a little, by deflate's search for such matches. Of photographs, the differences between
neighbours are small at the quickest level.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import IO, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Colour: TypeAlias = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
CLEAR, OPAQUE = 0, 255

# Filters of PNG (ISO/IEC 15948, 9.2): a row as it is, its difference to the pixels before, or to the row above.
NO_FILTER, PIXEL_BEFORE, ROW_ABOVE = 0, 1, 2
_START = b"\x89PNG\r\n\x1a\n"


def palette_png(
    indices: npt.NDArray[np.uint8], palette: Sequence[Colour], alphas: Sequence[int], bit_depth: Literal[1, 2]
) -> bytes:
    """Encode an image of a few colours, most of them in thin lines.

    Parameters
    ----------
    indices : uint8 ndarray, shape (H, W)
        Below the length of the palette.
    palette : sequence of (red, green, blue)
        The colour of each index.
    alphas : sequence of int
        The opacity of each index, 0 (clear) to 255.
    bit_depth : {1, 2}
        1 for up to two colours, 2 for up to four.

    Returns
    -------
    bytes
        PNG of W x H pixels.

    Raises
    ------
    ValueError
        If the palette does not fit the depth, or an index does not fit the palette.
    """
    if not len(palette) == len(alphas) <= 2**bit_depth or indices.max() >= len(palette):
        raise ValueError("Indices, palette and bit depth do not fit together.")
    packed = np.packbits(indices.view(bool), axis=1) if bit_depth == 1 else _packed_pairs(indices)
    differences = np.diff(packed, axis=0, prepend=np.zeros((1, packed.shape[1]), np.uint8))
    return encoded(indices.shape, deflated(differences, zlib.Z_RLE, ROW_ABOVE), palette, alphas, bit_depth)


def _packed_pairs(indices: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Four indices of two bits in a byte, the leftmost highest.

    Four indices are read as one little-endian word; one multiplication brings all their bits together in its
    highest byte, without carries, since no two of them meet in one place.
    """
    height, width = indices.shape
    padded = np.zeros((height, (width + 3) // 4 * 4), np.uint8)
    padded[:, :width] = indices
    return (padded.view("<u4") * np.uint32(1 << 30 | 1 << 20 | 1 << 10 | 1) >> 24).astype(np.uint8)


def deflated(rows: npt.NDArray[np.uint8], strategy: int, row_filter: int = NO_FILTER) -> bytes:
    """Compress rows of packed pixels, or of what a filter left of them.

    Parameters
    ----------
    rows : uint8 ndarray, shape (H, bytes of a row)
    strategy : int
        Of zlib: `zlib.Z_RLE` or another.
    row_filter : int, optional
        The filter that has been applied, whose number each row begins with.

    Returns
    -------
    bytes
        What an IDAT chunk holds.
    """
    filtered = np.full((len(rows), 1 + rows.shape[1]), row_filter, np.uint8)
    filtered[:, 1:] = rows
    compressor = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return compressor.compress(filtered.tobytes()) + compressor.flush()


def encoded(
    shape: tuple[int, ...], pixels: bytes, palette: Sequence[Colour], alphas: Sequence[int], bit_depth: int
) -> bytes:
    """A whole PNG file with a palette, of pixels that are `deflated` already."""
    height, width = shape
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bit_depth, 3, 0, 0, 0)),
        (b"PLTE", bytes(value for colour in palette for value in colour)),
        (b"tRNS", bytes(alphas)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    return _START + b"".join(_chunk(name, data) for name, data in chunks)


class StripWriter:
    """Writes a picture of 8 bits a channel to a file, strip by strip from the top.

    Parameters
    ----------
    file : binary file
    width, height : int
        Of the whole picture, in pixels.
    channels : {3, 4}
        RGB or RGBA.
    dots_per_metre : (across, down), optional
        Written as the resolution of the picture.
    """

    def __init__(
        self,
        file: IO[bytes],
        width: int,
        height: int,
        channels: Literal[3, 4],
        dots_per_metre: tuple[float, float] | None = None,
    ) -> None:
        self._file = file
        self._compressor = zlib.compressobj(1)
        header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
        file.write(_START + _chunk(b"IHDR", header))
        if dots_per_metre:
            file.write(_chunk(b"pHYs", struct.pack(">IIB", *map(round, dots_per_metre), 1)))

    def write(self, strip: npt.NDArray[np.uint8]) -> None:
        """Add rows of pixels.

        Parameters
        ----------
        strip : uint8 ndarray, shape (rows, width, channels)
        """
        height, width, channels = strip.shape
        filtered = np.empty((height, 1 + width * channels), np.uint8)
        filtered[:, 0] = PIXEL_BEFORE
        filtered[:, 1 : 1 + channels] = strip[:, 0]
        differences = filtered[:, 1 + channels :].reshape(height, width - 1, channels)
        np.subtract(strip[:, 1:], strip[:, :-1], out=differences)
        self._put(self._compressor.compress(filtered.data))

    def finish(self) -> None:
        """Write what is left, when all rows have been added."""
        self._put(self._compressor.flush())
        self._file.write(_chunk(b"IEND", b""))

    def _put(self, compressed: bytes) -> None:
        if compressed:
            self._file.write(_chunk(b"IDAT", compressed))


def _chunk(name: bytes, data: bytes) -> bytes:
    """Length, name, data and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
