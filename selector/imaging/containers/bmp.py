"""BMP files, of Windows and OS/2: their headers."""

from __future__ import annotations

import struct

from selector.imaging.containers.container import Container, InvalidImage, damaged, ends_after

_PLAIN, _BITFIELDS = 0, (3, 6)
_RUNS = {1: 8, 2: 4}
_SAVE = "which cannot be read here: save it as PNG and upload that"


def read(data: bytes) -> Container:
    """The container of a file that begins as a BMP does."""
    offset, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = _PLAIN
    elif header in (16, 40, 52, 56, 64, 108, 124):
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        compression = struct.unpack_from("<I", data, 30)[0] if header > 16 else _PLAIN
    else:
        raise damaged("BMP")
    size = width, abs(height)
    if width < 1 or not height:
        raise damaged("BMP")
    _refuse_unknown(compression, bits)
    if compression not in _RUNS:
        there = (len(data) - offset) / (-(-width * bits // 32) * 4 * size[1])
        if there < 1:
            raise InvalidImage(ends_after(max(there, 0)))
    return Container("BMP", size, data, dots_per_metre=_dots_per_metre(data, header))


def _dots_per_metre(data: bytes, header: int) -> tuple[float, float] | None:
    across, down = struct.unpack_from("<ii", data, 38) if header > 16 else (0, 0)
    return (float(across), float(down)) if across > 0 and down > 0 else None


def _refuse_unknown(compression: int, bits: int) -> None:
    if compression in (4, 5):
        raise InvalidImage(f"This is a BMP with a JPEG or PNG in it, {_SAVE}.")
    if compression != _PLAIN and compression not in _BITFIELDS and _RUNS.get(compression) != bits:
        raise InvalidImage(f"This is a BMP of an unusual compression, {_SAVE}.")
    if bits not in (1, 4, 8, 16, 24, 32):
        raise InvalidImage(f"This is a BMP of {bits} bits a pixel, {_SAVE}.")
