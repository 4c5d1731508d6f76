"""A detail of a picture as a file of its own, in the size of the original.

Its pixels go through a file, strip by strip: when they are packed, the picture they come from is in memory no more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from selector.arrays import Rgb
from selector.imaging.containers import Container, InvalidImage, read_container
from selector.imaging.turns import Box
from selector.imaging.upright_picture import UprightPicture
from selector.rendering.png import StripWriter

# Pixels of a strip.
STRIP_PIXELS = 2**20
# Formats that keep every pixel as it is, as most of their files do.
LOSSLESS = frozenset({"PNG", "TIFF", "GIF", "BMP"})
QUALITY = 95

OUTSIDE = "The detail lies outside the picture."
TOO_LARGE = "The file of this detail would have more than {most:.0f} MB. Draw a smaller box."


def write_detail(path: str, data: bytes, box: Box, *, quarter_turns: int, max_bytes: int, max_pixels: int) -> None:
    """Write a part of the picture in an image file to another: upright, sRGB, without metadata.

    What was stored without loss becomes a PNG, unless that has too many bytes; all else a JPEG of quality 95 without
    chroma subsampling.

    Parameters
    ----------
    path : str
        Of the new file.
    data : bytes
        The image file.
    box : (x0, y0, x1, y1)
        In the upright picture.
    quarter_turns, max_bytes, max_pixels : int
        As in `selector.imaging.upright_picture.UprightPicture`; the new file keeps within the same limits.

    Raises
    ------
    InvalidImage
        If the file is no such picture, or the detail lies outside it or is too large.
    """
    x0, y0, x1, y1 = box
    with tempfile.TemporaryFile(dir=Path(path).parent) as raw:
        for strip in _strips(data, box, quarter_turns, max_bytes, max_pixels):
            raw.write(strip.tobytes())
        pixels = np.memmap(raw, np.uint8, "r", shape=(y1 - y0, x1 - x0, 3))
        with Path(path).open("wb") as file:
            if not (_is_lossless(read_container(data)) and _write_png(file, pixels, max_bytes)):
                file.truncate(0)
                file.seek(0)
                Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, subsampling=0)
            if file.tell() > max_bytes:
                raise InvalidImage(TOO_LARGE.format(most=max_bytes / 2**20))


def _strips(data: bytes, box: Box, quarter_turns: int, max_bytes: int, max_pixels: int) -> Iterator[Rgb]:
    """The pixels of a box from the top, with little in memory but the decoded picture."""
    picture = UprightPicture(data, max_bytes=max_bytes, max_pixels=max_pixels, quarter_turns=quarter_turns)
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= picture.size[0] and 0 <= y0 < y1 <= picture.size[1]):
        raise InvalidImage(OUTSIDE)
    n_rows = max(1, STRIP_PIXELS // (x1 - x0))
    for top in range(y0, y1, n_rows):
        yield picture.pixels((x0, top, x1, min(top + n_rows, y1)))


def _write_png(file: IO[bytes], pixels: Rgb, max_bytes: int) -> bool:
    """Whether a PNG of some pixels has no more bytes; it ends where it has more."""
    height, width, _ = pixels.shape
    n_rows = max(1, STRIP_PIXELS // width)
    png = StripWriter(file, width, height, 3)
    for top in range(0, height, n_rows):
        png.write(pixels[top : top + n_rows])
        if file.tell() > max_bytes:
            return False
    png.finish()
    return file.tell() <= max_bytes


def _is_lossless(container: Container) -> bool:
    """Whether the picture in a file is stored without loss, as far as its format tells."""
    # In WebP the first chunk of a picture says so, after those about its colours and transparency.
    if container.format == "WebP":
        lossless, lossy = container.stream.find(b"VP8L", 12), container.stream.find(b"VP8 ", 12)
        return 0 <= lossless < (lossy if lossy >= 0 else len(container.stream))
    return container.format in LOSSLESS
