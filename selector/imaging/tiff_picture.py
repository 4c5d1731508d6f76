"""TIFF pictures decoded piece by piece: a few strips or tiles at a time, each time from a small TIFF made of them.

So Pillow and libtiff see nothing of the file but the pieces that are wanted and what says how to read them, and a
picture of any size takes little memory.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, ImageChops
from PIL.TiffImagePlugin import TiffImageFile

from selector.imaging.colour import flattened
from selector.imaging.containers import tiff_layout as tiff
from selector.imaging.containers.container import Container, damaged
from selector.imaging.containers.tiff import first_page
from selector.imaging.containers.tiff_directories import Directory
from selector.imaging.turns import Box

# Pixels that are decoded together, unless a single row of pieces has more.
BAND_PIXELS = 2**20
_SHORT, _LONG = 3, 4
_MODES = {(3, 3): "RGB", (3, 4): "RGBA", (4, 4): "CMYK"}
_PREMULTIPLIED = 1


class TiffPicture:
    """The first page of a TIFF, read as it is asked for.

    Parameters
    ----------
    container : Container
    store : PIL.Image.Image, optional
        Of the size of the picture: what is decoded is kept in it, so that nothing is decoded twice. Without it, only
        the last rows are kept.

    Attributes
    ----------
    size : (width, height)
    info : dict
        Empty: nothing is left to do with what is transparent.
    """

    def __init__(self, container: Container, store: Image.Image | None = None) -> None:
        self._data = container.stream
        self._page = first_page(self._data)
        self._layout = tiff.read_layout(self._page, self._data)
        self._together = tiff.most_of_a_band(self._layout, BAND_PIXELS)
        self._rows = self._together * self._layout.piece[1]
        self._store, self._stored = store, set[int]()
        self._last: tuple[int, Image.Image] | None = None
        self.size = self._layout.size
        self.info: dict[str | tuple[int, int], Any] = {}

    @property
    def mode(self) -> str:
        """Of what `crop` gives, as Pillow names it: L, RGB or CMYK."""
        if self._layout.photometric in (tiff.MIN_IS_WHITE, tiff.MIN_IS_BLACK):
            return "L"
        return "CMYK" if self._layout.photometric == tiff.CMYK else "RGB"

    def crop(self, box: Box) -> Image.Image:
        """A part of the picture, in L, RGB or CMYK; what is transparent is white."""
        left, top, right, below = box
        first, last = top // self._rows, (below - 1) // self._rows
        if self._store is not None:
            for number in range(first, last + 1):
                self._keep(self._store, number)
            return self._store.crop(box)
        part: Image.Image | None = None
        for number in range(first, last + 1):
            band = self._band(number)
            start = number * self._rows
            wanted = band.crop((left, max(top - start, 0), right, min(below - start, band.height)))
            if part is None:
                part = wanted if first == last else Image.new(band.mode, (right - left, below - top))
            if first != last:
                part.paste(wanted, (0, max(start - top, 0)))
        assert part is not None
        return part

    def _keep(self, store: Image.Image, number: int) -> None:
        if number not in self._stored:
            store.paste(self._decoded(number).convert(store.mode), (0, number * self._rows))
            self._stored.add(number)

    def _band(self, number: int) -> Image.Image:
        if self._last is None or self._last[0] != number:
            self._last = None  # before the next one is decoded, not after it
            self._last = number, self._decoded(number)
        return self._last[1]

    def _decoded(self, number: int) -> Image.Image:
        """The rows of pieces that are decoded together."""
        layout = self._layout
        if not layout.is_planar:
            return _readable(self._by_pillow(number, None), layout)
        n_used = layout.n_channels + (1 if self._is_transparent else 0)
        planes = [flattened(self._by_pillow(number, plane)) for plane in range(n_used)]
        if n_used == 1:
            return _readable(planes[0], layout)
        mode = _MODES[layout.n_channels, n_used]
        is_premultiplied = mode == "RGBA" and layout.extra[0] == _PREMULTIPLIED
        return flattened(Image.merge("RGBa", planes).convert("RGBA") if is_premultiplied else Image.merge(mode, planes))

    @property
    def _is_transparent(self) -> bool:
        return self._layout.photometric == tiff.RGB and self._layout.extra[:1] in ((1,), (2,))

    def _by_pillow(self, number: int, plane: int | None) -> Image.Image:
        """The same as Pillow reads them; of one channel, if it is named."""
        size = self.size[0], min(self._rows, self.size[1] - number * self._rows)
        rows = number * self._together, self._together
        small = _small_tiff(self._layout, self._page, self._data, rows, size, plane)
        picture = TiffImageFile(io.BytesIO(small))
        if picture.size != size:
            raise damaged("TIFF")
        picture.load()
        if picture.mode == "I;16B":
            return Image.fromarray(np.asarray(picture).astype(np.uint16))
        picture.info = {}
        return picture


def _readable(picture: Image.Image, layout: tiff.Layout) -> Image.Image:
    """What Pillow makes of a piece, in L, RGB or CMYK, the right way round."""
    plain = flattened(picture.convert("RGB") if picture.mode in ("YCbCr", "LAB") else picture)
    return ImageChops.invert(plain) if layout.photometric == tiff.MIN_IS_WHITE and layout.bits == 16 else plain


def _small_tiff(
    layout: tiff.Layout,
    page: Directory,
    data: bytes,
    rows: tuple[int, int],
    size: tuple[int, int],
    plane: int | None,
) -> bytes:
    """A TIFF of some rows of pieces: which is the first, and how many at most; of one channel, if it is named."""
    first, n_rows = rows
    n_rows = min(n_rows, layout.down - first)
    start = (layout.down * (plane or 0) + first) * layout.across
    pieces = [
        data[offset : offset + count]
        for offset, count in zip(
            layout.offsets[start : start + n_rows * layout.across],
            layout.counts[start : start + n_rows * layout.across],
            strict=True,
        )
    ]
    n_samples = 1 if plane is not None else layout.n_samples
    photometric = layout.photometric
    if plane is not None or (photometric == tiff.MIN_IS_WHITE and layout.bits == 16):
        photometric = tiff.MIN_IS_BLACK
    entries = {
        tiff.WIDTH: _longs(layout, size[0]),
        tiff.HEIGHT: _longs(layout, size[1]),
        tiff.BITS: _shorts(layout, *[layout.bits] * n_samples),
        tiff.COMPRESSION: _shorts(layout, layout.compression),
        tiff.PHOTOMETRIC: _shorts(layout, photometric),
        tiff.SAMPLES: _shorts(layout, n_samples),
    }
    if plane is None and layout.extra:
        entries[tiff.EXTRA_SAMPLES] = _shorts(layout, *layout.extra)
    entries.update(_meaning(page, plane))
    return _written(layout, entries, pieces)


def _meaning(page: Directory, plane: int | None) -> dict[int, tuple[int, int, bytes]]:
    """The entries that say what samples mean, as they are in the file."""
    kept = {}
    for tag in tiff.MEANING:
        content = page.content(tag, tiff.MAX_MEANING_BYTES + 1) if tag in page else b""
        if 0 < len(content) <= tiff.MAX_MEANING_BYTES:
            kept[tag] = (*page.kind_and_count(tag), content)
    return kept


def _shorts(layout: tiff.Layout, *numbers: int) -> tuple[int, int, bytes]:
    return _SHORT, len(numbers), struct.pack(f"{layout.order}{len(numbers)}H", *numbers)


def _longs(layout: tiff.Layout, *numbers: int) -> tuple[int, int, bytes]:
    return _LONG, len(numbers), struct.pack(f"{layout.order}{len(numbers)}I", *numbers)


def _written(layout: tiff.Layout, entries: dict[int, tuple[int, int, bytes]], pieces: list[bytes]) -> bytes:
    """A TIFF of entries and pieces: header, directory, long values, pieces."""
    where, how_long = (tiff.TILE_OFFSETS, tiff.TILE_COUNTS) if layout.is_tiled else (tiff.OFFSETS, tiff.COUNTS)
    if layout.is_tiled:
        entries[tiff.TILE_WIDTH] = _longs(layout, layout.piece[0])
        entries[tiff.TILE_HEIGHT] = _longs(layout, layout.piece[1])
    else:
        entries[tiff.ROWS] = _longs(layout, layout.piece[1])
    entries[how_long] = _longs(layout, *map(len, pieces))
    entries[where] = _longs(layout, *[0] * len(pieces))  # as long as the right ones, which follow
    begin = 8 + 2 + 12 * len(entries) + 4 + sum(len(value) for *_, value in entries.values() if len(value) > 4)
    offsets = []
    for piece in pieces:
        offsets.append(begin)
        begin += len(piece)
    entries[where] = _longs(layout, *offsets)
    head, values = [], []
    at = 8 + 2 + 12 * len(entries) + 4
    for tag, (kind, count, value) in sorted(entries.items()):
        inline = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{layout.order}I", at)
        head.append(struct.pack(f"{layout.order}HHI", tag, kind, count) + inline)
        if len(value) > 4:
            values.append(value)
            at += len(value)
    start = (b"II*\0" if layout.order == "<" else b"MM\0*") + struct.pack(f"{layout.order}IH", 8, len(entries))
    return b"".join([start, *head, bytes(4), *values, *pieces])
