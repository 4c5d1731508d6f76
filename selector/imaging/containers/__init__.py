"""The outside of image files: what they are, how large, which way up, in which colours.

A decoder should see nothing but the picture. Metadata is where image files hide their traps: a million
empty segments, thousands of entries that all point at the same megabytes, text that inflates without end. So
the few facts that matter (size, EXIF, colour profile) are read here, in bounded time and memory, and
the decoder gets a stream with everything else left out. A phone's MPO becomes a plain JPEG that way, an
animated PNG a still one. Other kinds of files are recognised to tell people what to do with them.
"""

from __future__ import annotations

import re
import struct

from selector.imaging.containers import bmp, gif, heif, jpeg, jxl, png, raw, tiff_directories, webp
from selector.imaging.containers.container import INCOMPLETE, Container, Format, InvalidImage, damaged
from selector.imaging.other_kinds import advice

__all__ = ["INCOMPLETE", "Container", "Format", "InvalidImage", "damaged", "read_container"]

_READERS = {
    re.compile(rb"\xff\xd8\xff"): jpeg.read,
    re.compile(re.escape(png.START)): png.read,
    re.compile(rb"RIFF....WEBP", re.DOTALL): webp.read,
    tiff_directories.START: raw.read_raw_or_tiff,
    re.compile(re.escape(raw.FUJIFILM)): raw.read_fujifilm,
    re.compile(rb"GIF8[79]a"): gif.read,
    re.compile(rb"BM.{12}[\x0c-\x7c]\0\0\0", re.DOTALL): bmp.read,
    re.compile(rb".{4}ftyp", re.DOTALL): heif.read,
    re.compile(rb"\xff\x0a|\0{3}\x0cJXL \r\n\x87\n"): jxl.read,
}


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
        If it is no picture of a kind that is read here, or its structure is broken.
    """
    if not data:
        raise InvalidImage("The file is empty.")
    for start, reader in _READERS.items():
        if start.match(data):
            try:
                return reader(data)
            except (struct.error, IndexError, OverflowError) as error:
                raise InvalidImage(INCOMPLETE) from error
    raise InvalidImage(advice(data))
