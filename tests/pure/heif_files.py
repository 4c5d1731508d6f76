"""AVIF and HEIC files made in memory, and what is written in them changed box by box."""

from __future__ import annotations

import struct

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw

from selector.imaging.containers.boxes import box, boxes, full_box
from selector.imaging.containers.items import Items, Property, read_items
from tests.pure.images import Pixels, encoded
from tests.pure.uploads import ORANGE

pillow_heif.register_heif_opener()


def avif(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "AVIF", **{"quality": 95, "speed": 10, **options})


def heic(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "HEIF", **{"quality": 95, "chroma": 444, **options})


def half_orange(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Blue with an orange left half, so that each way of turning it looks different together with its sides."""
    image = Image.new("RGB", size, (20, 60, 200))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), ORANGE)
    return image


def items_of(data: bytes) -> Items:
    meta = next(found for found in boxes(data, 0, len(data)) if found.name == b"meta")
    return read_items(data, meta)


def with_brands(data: bytes, *brands: bytes) -> bytes:
    first = next(boxes(data, 0, len(data)))
    return box(b"ftyp", brands[0], bytes(4), *brands) + data[first.end :]


def size_of(width: int, height: int) -> Property:
    return Property(b"ispe", bytes(4) + struct.pack(">II", width, height))


def turned(data: bytes, turns: list[Property]) -> bytes:
    """A file whose picture has these properties, in place of those of their names: turning it, for example."""
    items = items_of(data)
    assert items.primary is not None
    item = items.by_number[items.primary]
    names = [name for name, _ in turns]
    item.properties = [found for found in item.properties if found.name not in names] + turns
    return rewritten(data, items)


def rewritten(data: bytes, items: Items) -> bytes:
    """A file of these items with all their properties and references."""
    numbers = {number: n for n, number in enumerate(items.by_number, 1)}
    properties = list({found: None for item in items.by_number.values() for found in item.properties})
    ipma = b"".join(
        struct.pack(">HB", numbers[number], len(item.properties))
        + bytes(properties.index(found) + 1 for found in item.properties)
        for number, item in items.by_number.items()
    )
    references = [
        box(kind, struct.pack(f">HH{len(to)}H", numbers[number], len(to), *(numbers[target] for target in to)))
        for number, item in items.by_number.items()
        for kind, to in item.refers_to.items()
    ]
    contents = [
        b"".join(data[start : start + length] for start, length in item.places) for item in items.by_number.values()
    ]

    def meta(start: int) -> bytes:
        places, at = [], start
        for n, content in enumerate(contents, 1):
            places.append(struct.pack(">HHHII", n, 0, 1, at, len(content)))
            at += len(content)
        kinds = [
            full_box(b"infe", struct.pack(">HH", n, 0), item.kind, b"\0", version=2)
            for n, item in enumerate(items.by_number.values(), 1)
        ]
        return full_box(
            b"meta",
            full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", struct.pack(">H", numbers[items.primary or 0])),
            full_box(b"iinf", struct.pack(">H", len(kinds)), *kinds),
            full_box(b"iref", *references),
            box(
                b"iprp",
                box(b"ipco", *(box(*found) for found in properties)),
                full_box(b"ipma", struct.pack(">I", len(numbers)), ipma),
            ),
            full_box(b"iloc", b"\x44\0", struct.pack(">H", len(places)), *places),
        )

    ftyp = data[: next(boxes(data, 0, len(data))).end]
    return ftyp + meta(len(ftyp) + len(meta(0)) + 8) + box(b"mdat", *contents)


def close(one: Pixels, other: Pixels) -> bool:
    """The same picture, but for what two encoders make of its edges."""
    return one.shape == other.shape and bool(np.abs(one.astype(int) - other).mean() < 3)
