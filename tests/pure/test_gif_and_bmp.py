"""GIF and BMP files of every kind: how they look, and what is refused."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selector.imaging.containers import read_container
from tests.pure.images import encoded
from tests.pure.uploads import ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

# GIF


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("n_colours", [2, 13, 256])
def test_gifs(interlace: int, n_colours: int) -> None:
    picture = photo().quantize(n_colours)
    data = encoded(picture, "GIF", interlace=interlace)
    assert np.array_equal(upright(data), np.asarray(picture.convert("RGB")))
    assert working_copy(data).mime == "image/gif"


def test_a_gif_of_one_pixel() -> None:
    assert_colour(upright(encoded(flat(size=(1, 1)), "GIF")), ORANGE)


def test_the_first_picture_of_an_animated_gif_is_taken_without_the_others() -> None:
    data = encoded(flat(), "GIF", save_all=True, append_images=[flat((0, 0, 255))] * 3, comment=b"none of it is kept")
    assert_colour(upright(data), ORANGE)
    stream = read_container(data).stream
    assert len(stream) < len(data) / 2 and b"kept" not in stream


def test_what_is_transparent_in_a_gif_is_white() -> None:
    picture = flat().quantize(2)
    transparent = picture.getpixel((0, 0))
    assert_colour(upright(encoded(picture, "GIF", transparency=transparent)), (255, 255, 255))


def test_what_the_first_picture_of_a_gif_leaves_free_is_white() -> None:
    data = bytearray(encoded(flat(size=(4, 4)), "GIF"))
    data[6:10] = struct.pack("<HH", 8, 6)
    at = data.index(b"\x2c", 13)
    data[at + 1 : at + 5] = struct.pack("<HH", 2, 1)
    pixels = upright(bytes(data)).copy()
    assert pixels.shape == (6, 8, 3)
    assert_colour(pixels[1:5, 2:6], ORANGE)
    pixels[1:5, 2:6] = 255
    assert_colour(pixels, (255, 255, 255))


def test_a_gif_that_was_cut_off_is_incomplete() -> None:
    data = encoded(photo().quantize(200), "GIF")
    for length in (8, 20, 400, len(data) // 2, len(data) - 2):
        assert sentence(data[:length]) == "The file is incomplete: it ends before the picture does."


def test_a_gif_in_endless_blocks_is_refused() -> None:
    data = encoded(flat(), "GIF")
    start = 13 + 3 * 2 ** (data[10] % 8 + 1)
    assert "damaged" in sentence(data[:start] + b"\x21\xfe\0" * 2_000 + data[start:])


def test_the_canvas_of_a_gif_is_checked_before_room_is_made_for_it() -> None:
    data = bytearray(encoded(flat(), "GIF"))
    data[6:10] = b"\xff\xff\xff\xff"
    assert "megapixels" in sentence(bytes(data))


# BMP


def bmp(
    width: int, height: int, bits: int, pixels: bytes, *, compression: int = 0, palette: bytes = b"", masks: bytes = b""
) -> bytes:
    """A BMP with Windows' header of 40 bytes."""
    header = struct.pack("<IiiHHII", 40, width, height, 1, bits, compression, len(pixels))
    header += struct.pack("<iiII", 0, 0, len(palette) // 4, 0)
    offset = 14 + len(header) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + header + masks + palette + pixels


BLACK_RED = bytes([0, 0, 0, 0, 0, 0, 255, 0])
RED, BLACK = [255, 0, 0], [0, 0, 0]
# Of two rows, the lower first: black and red, red and red.
KINDS: dict[str, bytes] = {
    "1 bit": bmp(2, 2, 1, b"\x40\0\0\0\xc0\0\0\0", palette=BLACK_RED),
    "4 bits": bmp(2, 2, 4, b"\x01\0\0\0\x11\0\0\0", palette=BLACK_RED),
    "8 bits": bmp(2, 2, 8, b"\0\1\0\0\1\1\0\0", palette=BLACK_RED),
    "16 bits": bmp(2, 2, 16, struct.pack("<4H", 0, 0x7C00, 0x7C00, 0x7C00)),
    "16 bits with masks": bmp(
        *(2, 2, 16, struct.pack("<4H", 0, 0xF800, 0xF800, 0xF800)),
        compression=3,
        masks=struct.pack("<3I", 0xF800, 0x7E0, 31),
    ),
    "24 bits": bmp(2, 2, 24, b"\0\0\0\0\0\xff\0\0" + b"\0\0\xff\0\0\xff\0\0"),
    "32 bits": bmp(2, 2, 32, b"\0\0\0\0" + b"\0\0\xff\0" * 3),
    "top down": bmp(2, -2, 24, b"\0\0\xff\0\0\xff\0\0" + b"\0\0\0\0\0\xff\0\0"),
    "runs of 8 bits": bmp(2, 2, 8, b"\1\0\1\1\0\0\2\1\0\1", compression=1, palette=BLACK_RED),
    "runs of 4 bits": bmp(2, 2, 4, b"\2\x01\0\0\2\x11\0\1", compression=2, palette=BLACK_RED),
    "OS/2": b"BM"
    + struct.pack("<IHHIIHHHH", 48, 0, 0, 32, 12, 2, 2, 1, 1)
    + bytes([0, 0, 0, 0, 0, 255])
    + b"\x40\0\0\0\xc0\0\0\0",
}


@pytest.mark.parametrize("kind", KINDS)
def test_bmps(kind: str) -> None:
    assert upright(KINDS[kind]).tolist() == [[RED, RED], [BLACK, RED]]
    assert working_copy(KINDS[kind]).mime == "image/bmp"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_bmps_by_pillow(mode: str) -> None:
    picture: Any = photo().convert(mode)
    assert np.array_equal(upright(encoded(picture, "BMP")), picture.convert("RGB"))


def test_the_resolution_of_a_bmp_is_known() -> None:
    assert read_container(encoded(flat(), "BMP", dpi=(254, 127))).dots_per_metre == (10_000, 5_000)
    assert read_container(KINDS["24 bits"]).dots_per_metre is None
    assert read_container(KINDS["OS/2"]).dots_per_metre is None


def test_a_bmp_that_was_cut_off_says_how_far_it_reaches() -> None:
    data = encoded(Image.new("RGB", (100, 100)), "BMP")
    assert sentence(data[: 54 + 300 * 62]) == "The file ends after 62% of the picture."
    for length in range(2, 60):
        assert sentence(data[:length])


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (bmp(2, 2, 24, bytes(16), compression=4), "JPEG or PNG in it"),
        (bmp(2, 2, 24, bytes(16), compression=9), "unusual compression"),
        (bmp(2, 2, 2, bytes(8)), "2 bits a pixel"),
        (bmp(0, 2, 24, bytes(16)), "damaged"),
        (bmp(60_000, 60_000, 24, bytes(16)), "ends after 0%"),
    ],
)
def test_other_bmps_are_named(data: bytes, named: str) -> None:
    assert named in sentence(data)
