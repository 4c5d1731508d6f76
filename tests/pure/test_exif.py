"""The right way up, and the day, as EXIF tells them."""

from __future__ import annotations

import datetime
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from selector.imaging.imagefile import date_taken, decode
from tests.pure.images import encoded, exif, png_chunk
from tests.pure.uploads import assert_colour, upright, working_copy

# Four colours in the corners of an upright picture that is wider than high.
CORNERS = np.zeros((32, 48, 3), np.uint8)
CORNERS[:16, :24], CORNERS[:16, 24:] = (250, 30, 30), (30, 250, 30)
CORNERS[16:, :24], CORNERS[16:, 24:] = (30, 30, 250), (240, 240, 30)

# How a picture must be stored to look upright after the viewer has done what each orientation says.
STORED = {
    1: CORNERS,
    2: CORNERS[:, ::-1],
    3: CORNERS[::-1, ::-1],
    4: CORNERS[::-1],
    5: CORNERS.transpose(1, 0, 2),
    6: np.rot90(CORNERS, 1),
    7: np.rot90(CORNERS, 2).transpose(1, 0, 2),
    8: np.rot90(CORNERS, -1),
}


def stored_as(orientation: int, fmt: str, exif_data: bytes | None = None) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    prefix = b"" if fmt == "PNG" else b"Exif\0\0"
    data = exif(orientation) if exif_data is None else exif_data
    return encoded(image, fmt, exif=prefix + data, quality=95, subsampling=0, lossless=True)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int, fmt: str) -> None:
    pixels = upright(stored_as(orientation, fmt))
    assert pixels.shape == CORNERS.shape
    assert np.abs(pixels.astype(int) - CORNERS).mean() < 3


@pytest.mark.parametrize(("order", "tag_type"), [("<", "H"), (">", "H"), ("<", "I"), (">", "I")])
def test_the_orientation_is_read_in_either_byte_order(order: str, tag_type: str) -> None:
    assert upright(stored_as(6, "JPEG", exif(6, order, tag_type))).shape == CORNERS.shape


def test_the_first_exif_segment_of_a_jpeg_counts() -> None:
    second = b"Exif\0\0" + exif(3)
    data = stored_as(6, "JPEG")
    after_exif = data.index(exif(6)) + len(exif(6))
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(second)) + second
    assert upright(data[:after_exif] + segment + data[after_exif:]).shape == CORNERS.shape


def test_the_exif_chunk_of_a_webp_may_begin_as_in_a_jpeg() -> None:
    plain = encoded(Image.fromarray(STORED[6].copy()), "WEBP", exif=exif(1), lossless=True)
    content = b"Exif\0\0" + exif(6)
    data = plain[: plain.index(b"EXIF")] + b"EXIF" + struct.pack("<I", len(content)) + content
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    assert np.array_equal(upright(data), CORNERS)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"II*\0",
        b"nonsense and more of it",
        exif(0),
        exif(9),
        exif(6)[:12],
        exif(6).replace(b"\x08\0\0\0", b"\xff\xff\xff\xff", 1),
    ],
)
def test_broken_exif_data_leaves_a_picture_as_it_is(broken: bytes) -> None:
    data = encoded(Image.fromarray(CORNERS), "PNG")
    data = data[:33] + png_chunk(b"eXIf", broken) + data[33:]
    assert np.array_equal(upright(data), CORNERS)
    assert date_taken(data) is None


def exif_with_date(text: bytes = b"2019:07:14 09:30:00\0", order: str = "<", count: int | None = None) -> bytes:
    """EXIF data whose first directory points at one with nothing but the date of the picture."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    pointer = struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
    length = len(text) if count is None else count
    date = struct.pack(f"{order}HHHIII", 1, 0x9003, 2, length, 44, 0)
    return start + struct.pack(f"{order}I", 8) + pointer + date + text


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_date_is_read_in_either_byte_order(order: str) -> None:
    day = date_taken(stored_as(1, "JPEG", exif_with_date(order=order)))
    assert day == datetime.date(2019, 7, 14)


@pytest.mark.parametrize(
    "broken",
    [
        *(exif_with_date()[:length] for length in range(1, 54)),
        exif_with_date(count=4),
        exif_with_date(count=9),
        exif_with_date(b"2019:07:32 00:00:00\0"),
        exif_with_date(b"2019:07-14 00:00:00\0"),
        exif_with_date(b"0000:00:00 00:00:00\0"),
        exif_with_date(b"\xff" * 20),
        exif_with_date().replace(struct.pack("<I", 44), b"\xff\xff\xff\xff"),
        exif_with_date().replace(struct.pack("<I", 26), b"\xff\xff\xff\xff"),
        exif_with_date().replace(struct.pack("<I", 26), struct.pack("<I", 8)),
    ],
)
def test_a_date_that_cannot_be_read_is_none(broken: bytes) -> None:
    assert date_taken(stored_as(1, "JPEG", broken)) is None


def test_what_is_no_picture_has_no_date() -> None:
    assert date_taken(b"Dear Sir or Madam") is None


def test_entries_that_all_point_at_the_same_megabytes_cost_no_memory() -> None:
    """A library that reads every value would make gigabytes of this."""
    n = 60_000
    entries = b"".join(struct.pack("<HHII", tag, 2, 2**22, 0) for tag in range(n))
    exif_data = b"II*\0" + struct.pack("<IH", 8, n) + entries + bytes(2**22)
    data = encoded(Image.fromarray(CORNERS), "PNG")
    data = data[:33] + png_chunk(b"eXIf", exif_data) + data[33:]
    tracemalloc.start()
    assert date_taken(data) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26


@pytest.mark.parametrize(("turns", "first_row"), [(1, (2, 0)), (2, (3, 2)), (3, (1, 3)), (4, (0, 1)), (-1, (1, 3))])
def test_quarter_turns_go_clockwise_from_upright(turns: int, first_row: tuple[int, int]) -> None:
    copy = working_copy(stored_as(6, "JPEG"), quarter_turns=turns)
    assert (copy.width, copy.height) == ((48, 32) if turns % 2 == 0 else (32, 48))
    corners = [CORNERS[4, 4], CORNERS[4, -4], CORNERS[-4, 4], CORNERS[-4, -4]]
    pixels = decode(copy.jpeg)
    assert_colour(pixels[4, 4][None], tuple(corners[first_row[0]]), within=8)
    assert_colour(pixels[4, -4][None], tuple(corners[first_row[1]]), within=8)
