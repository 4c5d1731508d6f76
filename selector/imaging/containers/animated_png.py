"""Animated PNG files (in PNG since its third edition) whose default image is for viewers that know no animation."""

from __future__ import annotations

import struct
import zlib

_FRAME_CONTROL_LENGTH = 26


class FirstFrame:
    """Collects the first frame of an animation from the chunks of a file, in their order.

    Where a frame begins before the file's own picture does, that picture is the first frame, and nothing is collected.
    """

    def __init__(self) -> None:
        self.has_picture = False
        self._is_animated = False
        self._control = b""
        self._data: list[bytes] = []
        self._is_over = False

    def add(self, name: bytes, content: bytes) -> None:
        """Look at the next chunk."""
        if name == b"IDAT":
            self.has_picture = True
        elif name == b"acTL":
            self._is_animated = not self.has_picture
        elif name == b"fcTL":
            self._is_over = self._is_over or bool(self._control) or not self.has_picture
            self._control = self._control or content
        elif name == b"fdAT" and self._control and not self._is_over:
            self._data.append(content[4:])

    def place(self, canvas: tuple[int, int]) -> tuple[int, int, int, int] | None:
        """Left, top, width and height of the first frame on a canvas; None if it is the file's own picture."""
        if not (self._is_animated and self._data and len(self._control) == _FRAME_CONTROL_LENGTH):
            return None
        width, height, left, top = struct.unpack_from(">4I", self._control, 4)
        fits = width and height and left + width <= canvas[0] and top + height <= canvas[1]
        return (left, top, width, height) if fits else None

    def still(self, chunks: list[bytes]) -> bytes:
        """A PNG of this frame alone, from the start and the chunks of a file with its own picture."""
        header = self._control[4:12] + chunks[1][16:-4]
        palette = [chunk for chunk in chunks[2:] if chunk[4:8] in (b"PLTE", b"tRNS")]
        picture = [_chunk(b"IDAT", part) for part in self._data]
        return b"".join([chunks[0], _chunk(b"IHDR", header), *palette, *picture, _chunk(b"IEND", b"")])


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
