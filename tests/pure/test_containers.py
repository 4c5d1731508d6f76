"""Uploads of every kind: several pictures in one file, what is refused, and traps, which must do no harm."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import pillow_heif
import pillow_jxl  # noqa: F401  lets Pillow write such files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from selector.imaging.containers import read_container
from selector.imaging.containers.container import MAX_CHUNKS
from selector.imaging.containers.jpeg import MAX_SCANS, MAX_SEGMENTS
from selector.imaging.imagefile import InvalidImage, decode, make_working_copy
from tests.pure.images import DISPLAY_P3, cmyk_profile, encoded, exif, png_chunk, raw_png, rgb_profile
from tests.pure.test_raw import RAW
from tests.pure.uploads import MEGABYTE, ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

pillow_heif.register_heif_opener()

# Several pictures in one file


def two_in_one() -> bytes:
    return encoded(flat(), "MPO", save_all=True, append_images=[flat((0, 0, 255))], quality=95)


def test_the_first_picture_of_a_phones_mpo_is_taken() -> None:
    data = two_in_one()
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert working_copy(data).mime == "image/jpeg"
    assert_colour(upright(data), ORANGE, within=2)


def test_an_mpo_whose_second_picture_was_cut_off_still_works() -> None:
    data = two_in_one()
    assert_colour(upright(data[: data.rindex(b"\xff\xd8") + 20]), ORANGE, within=2)


@pytest.mark.parametrize("fmt", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken(fmt: str) -> None:
    frames = [flat((0, 0, 255)), flat((0, 255, 0))]
    data = encoded(flat(), fmt, save_all=True, append_images=frames, duration=100, lossless=True)
    assert len(list(ImageSequence.Iterator(Image.open(io.BytesIO(data))))) == 3
    assert_colour(upright(data), ORANGE)


# What is refused


def test_an_empty_file_is_refused() -> None:
    assert sentence(b"") == "The file is empty."


def test_too_many_bytes_are_refused() -> None:
    data = encoded(photo((400, 300)))
    assert sentence(data, max_bytes=MEGABYTE // 10) == "The file has 0.3 MB; at most 0.1 MB are allowed."
    assert make_working_copy(data, max_bytes=len(data), max_pixels=120_000).width == 400


def test_a_bomb_of_60_megapixels_is_refused_from_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = raw_png((10_000, 6_000), 1, 0, [bytes(1250)] * 6_000)
    assert len(bomb) < 100_000
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})  # nothing may be decoded
    assert sentence(bomb) == "The picture has 60.0 megapixels; at most 40.0 are allowed."


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_the_limit_of_pixels_holds_for_every_format(fmt: str) -> None:
    data = encoded(flat(size=(40, 30)), fmt)
    assert working_copy(data, max_pixels=1200).width == 40
    with pytest.raises(InvalidImage, match="megapixels"):
        working_copy(data, max_pixels=1199)


def test_the_canvas_of_a_webp_is_checked_before_room_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("RGBA", (8, 8), (1, 2, 3, 4)), "WEBP")
    canvas = data.index(b"VP8X") + 12
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    bomb = data[:canvas] + b"\xfe\x3f\0\xfe\x3f\0" + data[canvas + 6 :]
    assert "268.4 megapixels" in sentence(bomb)


def test_one_pixel_too_many_is_told_apart_from_the_limit() -> None:
    said = sentence(raw_png((40_000_001, 1), 1, 0, [b"\0"]))
    assert said == "The picture has 40.000001 megapixels; at most 40.000000 are allowed."


def test_a_picture_too_long_to_be_one_is_refused() -> None:
    assert "pixels long" in sentence(raw_png((1, 70_000), 8, 0, [b"\0\0"] * 70_000))


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_a_truncated_file_is_refused(fmt: str, share: float) -> None:
    data = encoded(photo(), fmt)
    cut = data[: int(len(data) * share)]
    assert sentence(cut)
    if fmt != "WEBP":
        assert sentence(cut).startswith(
            ("The file is incomplete: it ends before the picture does.", "The file ends after")
        )


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    data = encoded(photo((300, 200)), "JPEG", progressive=True)
    assert "ends after" in sentence(data[: len(data) // 2])


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_with_only_its_first_bytes_is_refused(fmt: str) -> None:
    data = encoded(photo((8, 8)), fmt)
    for length in range(1, 60):
        assert sentence(data[:length])


OTHERS = [
    (b"Dear diary,\n\ntoday I renamed this file to photo.jpg.\n", "text file"),
    ("Grüße aus Köln ".encode() * 200, "text file"),
    (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw file"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
    (encoded(flat(), "ICO"), "icon"),
    (b"\x89PNG\r\n\x1a\n" + png_chunk(b"CgBI", b"\x50\0\x20\2") + encoded(flat())[8:], "iPhone app"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    (b"PK\x03\x04\x14\0\x06\0", "archive"),
    (b"8BPS\0\1\0\0\0\0\0\0", "Photoshop"),
    (encoded(flat(), "JPEG2000"), "JPEG 2000"),
    (bytes(range(256)) * 3, "no picture"),
    (b"\0" * 500, "no picture"),
]


@pytest.mark.parametrize(("data", "named"), OTHERS)
def test_other_kinds_of_files_are_named_and_told_what_to_do(data: bytes, named: str) -> None:
    said = sentence(data)
    assert named in said
    assert "JPEG" in said or "PNG" in said


# Traps: little to upload, much to do


def test_a_png_in_endless_chunks_is_refused() -> None:
    data = encoded(flat())
    assert "damaged" in sentence(data[:33] + png_chunk(b"teXt", b"") * MAX_CHUNKS + data[33:])


def test_a_jpeg_in_endless_segments_is_refused() -> None:
    data = encoded(flat(), "JPEG")
    assert "damaged" in sentence(data[:2] + b"\xff\xe5\0\2" * MAX_SEGMENTS + data[2:])
    assert "incomplete" in sentence(b"\xff\xd8" + b"\xff" * 3_000_000)
    assert "incomplete" in sentence(b"\xff\xd8" + b"\xff\0" * 1_500_000)


def test_a_jpeg_in_endless_scans_is_refused() -> None:
    data = encoded(photo(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xc4") : -2]
    assert sentence(data[:-2] + last_scan * MAX_SCANS + data[-2:])
    assert working_copy(data[:-2] + last_scan + data[-2:]).width == 64


@pytest.mark.parametrize("marker", [b"\xff\xfe", b"\xff\xe5"])
def test_no_segment_hides_scans(marker: bytes) -> None:
    """A comment may hold what looks like the end of the picture."""
    data = encoded(photo(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    hiding = marker + b"\0\4\xff\xd9"
    assert "passes" in sentence(data[:-2] + hiding + last_scan * MAX_SCANS + data[-2:])
    assert working_copy(data[:-2] + hiding + last_scan + data[-2:]).width == 64


def test_a_marker_that_decoders_pass_over_hides_no_scans() -> None:
    data = encoded(photo(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert "passes" in sentence(data[:-2] + b"\xff\2\x7f\xff" + last_scan * MAX_SCANS + data[-2:])


def test_what_follows_the_end_of_a_jpeg_is_no_part_of_it() -> None:
    """Scans in a film behind a motion photo are not the photo's."""
    data = encoded(photo(), "JPEG", restart_marker_blocks=1)
    film = data[data.rindex(b"\xff\xda") :] * MAX_SCANS
    container = read_container(data + film)
    assert container.stream == read_container(data).stream
    assert container.stream.endswith(b"\xff\xd9")
    assert working_copy(data + film).jpeg == working_copy(data).jpeg


def test_an_animated_webp_is_decoded_as_the_still_that_it_begins_with() -> None:
    data = encoded(flat((10, 200, 90)), "WEBP", save_all=True, append_images=[flat()], lossless=True)
    assert b"ANMF" in data and b"ANMF" not in read_container(data).stream
    assert_colour(decode(working_copy(data).jpeg), (10, 200, 90), within=2)


def test_a_webp_in_endless_chunks_is_refused() -> None:
    data = encoded(flat(), "WEBP")
    assert "damaged" in sentence(data + b"none\0\0\0\0" * MAX_CHUNKS)


def test_text_and_profiles_that_inflate_without_end_do_no_harm() -> None:
    inflating = b"name\0\0" + zlib.compress(bytes(100_000_000), 9)
    data = encoded(flat())
    for name in (b"zTXt", b"iCCP"):
        trap = data[:33] + png_chunk(name, inflating) + data[33:]
        tracemalloc.start()
        assert_colour(upright(trap), ORANGE)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
        tracemalloc.stop()


def test_exif_entries_that_all_point_at_one_large_value_do_no_harm() -> None:
    entries = b"".join(struct.pack("<HHII", tag, 7, 2_000_000, 8) for tag in range(0x8000, 0x8800))
    trap = b"II*\0" + struct.pack("<IH", 8, 0x800) + entries + bytes(2_000_000)
    data = encoded(flat())
    tracemalloc.start()
    assert_colour(upright(data[:33] + png_chunk(b"eXIf", trap) + data[33:]), ORANGE)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def animated() -> bytes:
    """A PNG of 16 bits with HDR colours, whose animation does not begin with its own picture."""
    row = struct.pack(">18H", *range(0, 65_536, 3_641))
    chunks = png_chunk(b"acTL", struct.pack(">II", 1, 0)) + png_chunk(b"cICP", b"\x09\x10\0\1")
    still = raw_png((6, 4), 16, 2, [row] * 4, chunks + png_chunk(b"pHYs", struct.pack(">IIB", 1, 1, 1)))
    frame = png_chunk(b"fcTL", struct.pack(">5I2H2B", 0, 3, 2, 2, 1, 1, 1, 0, 0))
    frame += png_chunk(b"fdAT", bytes(4) + zlib.compress((b"\0" + row[:18]) * 2))
    return still[:-12] + frame + still[-12:]


def with_gamma(colour_type: int, n_bytes: int) -> bytes:
    numbers = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)
    chunks = png_chunk(b"gAMA", struct.pack(">I", 100_000)) + png_chunk(b"cHRM", struct.pack(">8I", *numbers))
    return raw_png((6, 4), 16, colour_type, [bytes(range(n_bytes))] * 4, chunks)


WHOLE = [
    animated(),
    with_gamma(0, 12),
    with_gamma(6, 48),
    encoded(photo((24, 20)), "JPEG", exif=b"Exif\0\0" + exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)), "JPEG", progressive=True),
    encoded(photo((24, 20)).convert("CMYK"), "JPEG", icc_profile=cmyk_profile({})),
    encoded(photo((24, 20)), exif=exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)).convert("P"), transparency=3),
    encoded(photo((24, 20)), "WEBP", exif=exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)).convert("RGBA"), "WEBP", lossless=True),
    encoded(photo((24, 20)), "JPEG")[:-2],
    encoded(photo((24, 20)), "TIFF", compression="tiff_lzw", icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)).convert("CMYK"), "TIFF", compression="jpeg"),
    encoded(photo((24, 20)).convert("1"), "TIFF", compression="group4"),
    encoded(photo((24, 20)).quantize(90), "GIF", interlace=1, transparency=3),
    encoded(photo((24, 20)).quantize(16), "BMP"),
    RAW["image/x-nikon-nef"],
    RAW["image/x-olympus-orf"],
    encoded(photo((24, 20)), "AVIF", exif=b"Exif\0\0" + exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((72, 68)).convert("RGBA"), "HEIF", icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((80, 64)), "HEIF", tile_size=64),
    encoded(photo((24, 20)), "JXL", exif=exif(6), use_container=True),
    encoded(photo((24, 20)).convert("RGBA"), "JXL", lossless=True),
]


@settings(deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0, 1),
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    data: bytes, damage: list[tuple[float, int]], end: float
) -> None:
    damaged = bytearray(data)
    for place, value in damage:
        damaged[int(place * len(data))] = value
    if end < 0.5:
        damaged = damaged[: int(2 * end * len(data))]
    try:
        copy = working_copy(bytes(damaged), max_pixels=1_000_000)
    except InvalidImage as refusal:
        assert str(refusal).endswith(".")
    else:
        assert decode(copy.jpeg).shape == (copy.height, copy.width, 3)
