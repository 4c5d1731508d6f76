"""TIFF files of every kind: how they look, what is refused, and traps, which must do no harm."""

from __future__ import annotations

import datetime
import io
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from selector.imaging import tiff_picture
from selector.imaging.containers import read_container
from selector.imaging.imagefile import InvalidImage, date_taken, make_working_copy
from selector.imaging.upright_picture import UprightPicture
from tests.pure.images import DISPLAY_P3, encoded, rgb_profile
from tests.pure.tiffs import FRACTION, LONG, PIECES, SHORT, TEXT, grey, tiff
from tests.pure.uploads import ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

SIZE = (70, 53)
RGB = np.asarray(photo(SIZE))
GREY = RGB[..., 0]
SIXTEEN = RGB.astype(np.uint16) * 257
PLANES = np.ascontiguousarray(RGB.transpose(2, 0, 1))


def written(pixels: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows at a time, as in large pictures."""
    monkeypatch.setattr(tiff_picture, "BAND_PIXELS", 1_000)


def assert_shows(data: bytes, expected: Any, within: int = 1) -> None:
    """A file shows these pixels, whether it is read at once or part by part."""
    whole = upright(data)
    expected = np.asarray(expected)
    difference = np.abs(whole.astype(int) - (expected if expected.ndim == 3 else expected[..., None]))
    assert difference.max() <= within
    picture = UprightPicture(data, max_bytes=2**24, max_pixels=10**6)
    assert np.array_equal(picture.pixels((3, 20, 60, 41)), whole[20:41, 3:60])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("pieces", [{"rowsperstrip": 7}, {"rowsperstrip": 53}, {"tile": (16, 32)}])
def test_strips_and_tiles_of_all_depths(order: str, compression: str | None, pieces: dict[str, Any]) -> None:
    how = {"byteorder": order, "compression": compression, **pieces}
    assert_shows(written(RGB, photometric="rgb", **how), RGB)
    assert_shows(written(SIXTEEN, photometric="rgb", **how), RGB)
    assert_shows(written(SIXTEEN[..., 0], **how), GREY)
    assert_shows(written(GREY, photometric="miniswhite", **how), 255 - GREY)
    assert_shows(written(SIXTEEN[..., 0], photometric="miniswhite", **how), 255 - GREY)
    planar = {"photometric": "rgb", "planarconfig": "separate", **how}
    assert_shows(written(PLANES, **planar), RGB)
    assert_shows(written(PLANES.astype(np.uint16) * 257, **planar), RGB)
    assert_shows(written(RGB, photometric="rgb", bigtiff=True, **how), RGB)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "RGBX"])
def test_modes_and_compressions(mode: str, compression: str) -> None:
    picture = photo(SIZE).convert(mode)
    assert_shows(encoded(picture, "TIFF", compression=compression), picture.convert("RGB"))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_faxes(compression: str) -> None:
    picture = photo(SIZE).convert("1")
    assert_shows(encoded(picture, "TIFF", compression=compression), picture.convert("RGB"))


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
def test_jpeg_in_strips(mode: str) -> None:
    data = encoded(photo(SIZE).convert(mode), "TIFF", compression="jpeg")
    assert_shows(data, Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_white(mode: str) -> None:
    picture = flat().convert(mode)
    picture.putalpha(0)
    assert_colour(upright(encoded(picture, "TIFF", compression="tiff_lzw")), (255, 255, 255))


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
def test_premultiplied_transparency(planarconfig: str) -> None:
    half = np.full((4, 4, 4), (100, 50, 25, 128), np.uint8)
    channels = half if planarconfig == "contig" else np.ascontiguousarray(half.transpose(2, 0, 1))
    data = written(channels, photometric="rgb", planarconfig=planarconfig, extrasamples=("assocalpha",))
    assert_colour(upright(data), (227, 177, 152), within=2)


def test_few_bits() -> None:
    data = tiff(grey(4, 2, t258=(SHORT, [2]), t279=(LONG, [2])), bytes([0b00011011, 0b11100100]))
    assert upright(data)[..., 0].tolist() == [[0, 85, 170, 255], [255, 170, 85, 0]]


def test_the_first_page_is_shown_and_the_pages_are_counted() -> None:
    data = encoded(flat(), "TIFF", save_all=True, append_images=[flat((0, 0, 255))] * 11)
    assert_colour(upright(data), ORANGE)
    assert working_copy(data).n_pictures == 12


def test_smaller_copies_and_masks_are_no_pages() -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(np.zeros((5, 5, 3), np.uint8), photometric="rgb", subfiletype=1)
        file.write(RGB, photometric="rgb")
        file.write(np.zeros((5, 5), bool), subfiletype=4, photometric="miniswhite")
    assert read_container(out.getvalue()).size == SIZE
    assert read_container(out.getvalue()).n_pictures == 1


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_its_own_tag_says_which_way_is_up(orientation: int, corner: tuple[int, int]) -> None:
    picture = flat((0, 0, 0), (8, 6))
    picture.putpixel((0, 0), (255, 255, 255))
    pixels = upright(encoded(picture, "TIFF", tiffinfo={274: orientation}))
    assert pixels[corner].tolist() == [255, 255, 255]
    assert pixels.shape[:2] == ((6, 8) if orientation < 5 else (8, 6))


def test_profile_resolution_and_date_are_known() -> None:
    data = encoded(
        flat(), "TIFF", icc_profile=rgb_profile(DISPLAY_P3), dpi=(254, 127), tiffinfo={306: "2020:05:01 10:00:00"}
    )
    container = read_container(data)
    assert container.profile == rgb_profile(DISPLAY_P3)
    assert container.dots_per_metre == pytest.approx((10_000, 5_000))
    assert date_taken(data) == datetime.date(2020, 5, 1)
    assert container.mime == "image/tiff"
    assert not np.array_equal(upright(data), upright(encoded(flat(), "TIFF")))
    assert read_container(tiff(grey(2, 2, t282=(FRACTION, [0, 0])), bytes(4))).dots_per_metre is None


# What is refused


UNREADABLE = [
    (grey(2, 2, t259=(SHORT, [33003])), "JPEG 2000"),
    (grey(2, 2, t259=(SHORT, [34887])), "LERC"),
    (grey(2, 2, t259=(SHORT, [50000])), "Zstandard"),
    (grey(2, 2, t259=(SHORT, [50001])), "WebP"),
    (grey(2, 2, t259=(SHORT, [6])), "old form of JPEG"),
    (grey(2, 2, t259=(SHORT, [12345])), "compression of number 12345"),
    (grey(2, 2, t258=(SHORT, [32]), t339=(SHORT, [3])), "floating point"),
    (grey(2, 2, t258=(SHORT, [32])), "32 bits"),
    (grey(2, 2, t258=(SHORT, [16]), t339=(SHORT, [2])), "16 bits"),
    (grey(2, 2, t262=(SHORT, [8]), t277=(SHORT, [3])), "Lab"),
    (grey(2, 2, t262=(SHORT, [32844])), "colours in a way"),
    (grey(2, 2, t262=(SHORT, [2])), "colours in a way"),
]


@pytest.mark.parametrize(("entries", "named"), UNREADABLE)
def test_what_cannot_be_read_says_what_it_is_and_what_to_do(entries: Any, named: str) -> None:
    said = sentence(tiff(entries, bytes(100)))
    assert named in said
    assert "save it as an ordinary TIFF" in said


def test_a_cut_off_tiff_says_how_far_it_reaches() -> None:
    strips = grey(10, 100, t278=(LONG, [1]), t273=(LONG, range(200_000, 200_000 + 1000, 10)), t279=(LONG, [10] * 100))
    data = tiff(strips).ljust(200_000, b"\0") + bytes(1000)
    assert working_copy(data).height == 100
    assert sentence(data[:-380]) == "The file ends after 62% of the picture."
    whole = encoded(photo(), "TIFF")
    for length in range(1, len(whole), 97):
        assert sentence(whole[:length])


@pytest.mark.parametrize("piece", [{"rowsperstrip": 16}, {"tile": (64, 64)}])
def test_the_larger_limit_holds_for_strips_and_tiles(piece: dict[str, Any]) -> None:
    data = written(RGB, photometric="rgb", compression="deflate", **piece)
    assert make_working_copy(data, max_bytes=2**20, max_pixels=100, max_large_pixels=70 * 53).width == 70
    with pytest.raises(InvalidImage, match=r"^The picture has .* megapixels; at most .* are allowed\.$"):
        make_working_copy(data, max_bytes=2**20, max_pixels=100, max_large_pixels=70 * 53 - 1)


def test_one_large_strip_is_not_decoded_in_pieces() -> None:
    """Unless nothing is compressed: then it is cut."""
    size = {"t256": (LONG, [8_000]), "t257": (LONG, [6_000]), "t278": (LONG, [6_000])}
    entries = grey(8_000, 6_000, t258=(SHORT, [16]), **size)
    file = tiff(entries).ljust(PIECES + 2 * 48_000_000, b"\0")
    assert read_container(file).is_decoded_in_pieces
    packed = tiff(entries | {259: (SHORT, [5]), 279: (LONG, [5_000])})
    with pytest.raises(InvalidImage, match=r"at most 40\.0 are allowed, or 120\.0 in a plain JPEG .*TIFF"):
        make_working_copy(packed, max_bytes=2**30, max_pixels=40_000_000, max_large_pixels=120_000_000)


def test_a_whole_slide_is_named() -> None:
    entries = grey(60_000, 40_000, t270=(TEXT, b"Aperio Image Library v11\0"), t259=(SHORT, [7]))
    assert "whole-slide" in sentence(tiff(entries, bytes(100)))


# Traps


def test_directories_in_a_circle_are_read_once() -> None:
    data = bytearray(tiff(grey(2, 2), bytes(4)))
    data[100_016 + 2 + 12 * 9 : 100_016 + 6 + 12 * 9] = struct.pack("<I", 100_016)
    assert working_copy(bytes(data)).n_pictures == 1


def test_pages_without_end_are_counted_for_a_while() -> None:
    data = encoded(flat(), "TIFF")
    pages = b"".join(
        struct.pack("<HHHII", 1, 254, 3, 1, 0) + struct.pack("<I", len(data) + 18 * n) for n in range(1, 20_000)
    )
    last = bytearray(data)
    n_entries, at = struct.unpack_from("<H", data, 8)[0], 8
    last[at + 2 + 12 * n_entries : at + 6 + 12 * n_entries] = struct.pack("<I", len(data))
    assert working_copy(bytes(last) + pages).n_pictures == 10_000


def test_pieces_that_all_lie_on_one_another_are_refused() -> None:
    strips = grey(1_000, 10_000, t278=(LONG, [1]), t273=(LONG, [PIECES] * 10_000), t259=(SHORT, [8]))
    assert "damaged" in sentence(tiff(strips | {279: (LONG, [90_000] * 10_000)}, bytes(90_000)))


@pytest.mark.parametrize("tile", [(65_536, 65_536), (2**31, 16), (16, 2**31)])
def test_a_tile_of_gigabytes_is_refused(tile: tuple[int, int]) -> None:
    entries = grey(2, 2, t322=(LONG, [tile[0]]), t323=(LONG, [tile[1]]), t324=(LONG, [PIECES]), t325=(LONG, [100]))
    assert sentence(tiff(entries | {259: (SHORT, [8])}, bytes(100)))


def test_values_without_end_are_refused() -> None:
    data = bytearray(tiff(grey(2, 2, t273=(LONG, [PIECES] * 3)), bytes(4)))
    at = data.index(struct.pack("<HHI", 273, 4, 3))
    data[at + 4 : at + 8] = b"\xff\xff\xff\x7f"
    tracemalloc.start()
    assert "incomplete" in sentence(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("what", ["directory", "next", "strips", "inside"])
def test_offsets_beyond_all_addresses_are_refused(what: str) -> None:
    """Those of a BigTIFF have 64 bits."""
    data = bytearray(written(GREY, bigtiff=True, extratags=[(330, 13, 1, 8, True), (700, 1, 9, b"9 letters", True)]))
    far = struct.pack("<Q", 2**64 - 8)
    (first,) = struct.unpack_from("<Q", data, 8)
    (n_entries,) = struct.unpack_from("<Q", data, first)
    of_tag = {struct.unpack_from("<H", data, at)[0]: at for at in range(first + 8, first + 8 + 20 * n_entries, 20)}
    places = {
        "directory": 8,
        "next": first + 8 + 20 * n_entries,
        "strips": of_tag[273] + 12,
        "inside": of_tag[700] + 12,
    }
    data[places[what] : places[what] + 8] = far
    if what in ("next", "inside"):
        assert working_copy(bytes(data)).width == 70
    else:
        assert "incomplete" in sentence(bytes(data))


def test_a_jpeg_of_endless_scans_in_a_tiff_is_refused() -> None:
    jpeg = encoded(photo((64, 48)).convert("L"), "JPEG", progressive=True)
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    strip = jpeg[:-2] + last * 40 + jpeg[-2:]
    data = tiff(grey(64, 48, t259=(SHORT, [7]), t279=(LONG, [len(strip)])), strip)
    assert "passes" in sentence(data)
