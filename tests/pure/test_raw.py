"""Cameras' raw files, made as small TIFF-like files of each kind: shown by the largest JPEG in them."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Mapping

import numpy as np
import pytest

from selector.imaging.containers import read_container
from selector.imaging.imagefile import date_taken
from tests.pure.images import encoded
from tests.pure.tiffs import ANYTHING, DIRECTORY, LONG, PIECES, SHORT, TEXT, Value, directory, grey, tiff
from tests.pure.uploads import ORANGE, assert_colour, flat, sentence, upright, working_copy

PREVIEW = encoded(flat(size=(700, 400)), "JPEG", quality=95)
SMALL = encoded(flat((0, 0, 255), (160, 120)), "JPEG")
# Half of the sensor's pixels, of which nothing is shown.
SENSOR = {**grey(8, 8, t262=(SHORT, [32803])), 254: (LONG, [0])}
NIKON = {271: (TEXT, b"NIKON CORPORATION\0"), 274: (SHORT, [6]), 306: (TEXT, b"2023:07:14 08:00:00\0")}
AT = {513: (LONG, [PIECES]), 514: (LONG, [len(PREVIEW)])}
INSIDE = DIRECTORY + 5_000


def with_inside(first: Mapping[int, Value], *inside: Mapping[int, Value], pieces: bytes = PREVIEW) -> bytes:
    """A file whose first directory has others inside."""
    places = [INSIDE + 5_000 * number for number in range(len(inside))]
    data = tiff({**first, 330: (LONG, places)}, pieces)
    for place, entries in zip(places, inside, strict=True):
        data = data.ljust(place, b"\0") + directory(entries, place)
    return data


def olympus(preview: bytes) -> bytes:
    """The preview is named in a directory in the maker's note, whose offsets count from the note's beginning."""
    note = INSIDE
    settings = {0x0101: (LONG, [20_000]), 0x0102: (LONG, [len(preview)])}
    notes = b"OLYMPUS\0II\3\0" + directory({0x2020: (LONG, [1_000])}, note + 12, base=note)
    notes = notes.ljust(1_000, b"\0") + directory(settings, note + 1_000, base=note)
    data = tiff({274: (SHORT, [6]), 34665: (LONG, [note - 1_000])}, start=b"IIRO").ljust(note - 1_000, b"\0")
    data += directory({37500: (ANYTHING, notes)}, note - 1_000)
    data = data[: note - 1_000] + struct.pack("<HHHIII", 1, 37500, 7, len(notes), note, 0)
    return (data.ljust(note, b"\0") + notes).ljust(note + 20_000, b"\0") + preview


RAW = {
    "image/x-nikon-nef": with_inside(NIKON, AT, SENSOR),
    "image/x-sony-arw": with_inside({**AT, 271: (TEXT, b"SONY\0"), 274: (SHORT, [6])}, SENSOR),
    "image/x-adobe-dng": with_inside(
        {274: (SHORT, [6]), 50706: (LONG, [1])},
        SENSOR,
        grey(700, 400, t259=(SHORT, [7]), t279=(LONG, [len(PREVIEW)]), t262=(SHORT, [6])),
    ),
    "image/x-canon-cr2": b"II*\0"
    + struct.pack("<I2sBBI", DIRECTORY, b"CR", 2, 0, 0)
    + tiff({**grey(700, 400, t259=(SHORT, [6]), t279=(LONG, [len(PREVIEW)])), 274: (SHORT, [6])}, PREVIEW)[16:],
    "image/x-panasonic-rw2": tiff({46: (ANYTHING, PREVIEW), 274: (SHORT, [6])}, start=b"IIU\0"),
    "image/x-olympus-orf": olympus(PREVIEW),
}


@pytest.mark.parametrize("kind", RAW)
def test_a_raw_file_is_shown_by_its_preview_the_way_its_own_tag_says(kind: str) -> None:
    copy = working_copy(RAW[kind])
    assert copy.mime == kind
    assert (copy.width, copy.height) == (400, 700)
    assert_colour(upright(RAW[kind]), ORANGE, within=3)


def test_a_fujifilm_says_where_its_jpeg_is() -> None:
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 148, len(PREVIEW))
    copy = working_copy(head.ljust(148, b"\0") + PREVIEW + bytes(500))
    assert (copy.mime, copy.width) == ("image/x-fuji-raf", 700)


def test_the_largest_preview_is_taken() -> None:
    both = PREVIEW + SMALL
    small = {513: (LONG, [PIECES + len(PREVIEW)]), 514: (LONG, [len(SMALL)])}
    assert working_copy(with_inside({**NIKON, **small}, AT, SENSOR, pieces=both)).height == 700


def test_the_day_is_the_raw_files() -> None:
    assert date_taken(RAW["image/x-nikon-nef"]) == datetime.date(2023, 7, 14)


def test_raw_files_without_a_preview_of_use_say_what_to_do() -> None:
    small = {513: (LONG, [PIECES]), 514: (LONG, [len(SMALL)])}
    said = sentence(with_inside({**NIKON, **small}, SENSOR, pieces=SMALL))
    assert said.startswith("This is a camera's raw file, with only a picture of 160 x 120 pixels in it")
    assert "export it as JPEG" in said
    assert "no picture in it" in sentence(with_inside(NIKON, SENSOR))
    assert "raw file" in sentence(b"\0\0\0\x18ftypcrx \0\0\0\1crx isom")


def test_what_the_sensor_saw_is_no_preview() -> None:
    """Some of it is a JPEG as well, of a kind that only raw converters read."""
    lossless = PREVIEW.replace(b"\xff\xc0", b"\xff\xc3", 1)
    assert "no picture in it" in sentence(with_inside(NIKON, AT, SENSOR, pieces=lossless))


def test_a_raw_file_that_was_cut_off_is_incomplete() -> None:
    at_end = {513: (LONG, [200_000]), 514: (LONG, [len(PREVIEW)])}
    data = with_inside(NIKON, at_end, SENSOR).ljust(200_000, b"\0") + PREVIEW
    assert working_copy(data).height == 700
    assert sentence(data[:-1_000]).startswith("The file ends after")
    assert sentence(data[:190_000]) == "The file is incomplete: it ends before the picture does."


def test_directories_inside_one_another_end_somewhere() -> None:
    circle = {**SENSOR, 330: (LONG, [INSIDE] * 500)}
    assert "no picture in it" in sentence(with_inside(NIKON, circle))


def test_a_tiff_of_a_camera_is_a_tiff() -> None:
    pixels = np.arange(64, dtype=np.uint8)
    data = tiff({**grey(8, 8), **NIKON}, pixels.tobytes())
    assert read_container(data).mime == "image/tiff"
