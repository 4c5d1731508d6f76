"""Uploads of every kind: each colour case checks pixel values, each trap must be refused or harmless."""

import datetime
import hashlib
import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import (
    DISPLAY_P3,
    LINEAR_CURVE,
    SRGB,
    Pixels,
    cmyk_profile,
    encoded,
    exif,
    grey_profile,
    png_chunk,
    raw_png,
    rgb_profile,
)
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from selector.imaging.containers import MAX_CHUNKS, MAX_SCANS, MAX_SEGMENTS
from selector.imaging.imagefile import InvalidImage, WorkingCopy, date_taken, decode, make_working_copy, read_upright

MEGABYTE = 2**20
ORANGE = (200, 100, 50)


def working_copy(
    data: bytes, *, long_side: int = 1024, quarter_turns: int = 0, max_pixels: int = 40_000_000
) -> WorkingCopy:
    return make_working_copy(
        data,
        max_bytes=20 * MEGABYTE,
        max_pixels=max_pixels,
        long_side=long_side,
        quarter_turns=quarter_turns,
    )


def upright(data: bytes) -> Pixels:
    return np.asarray(read_upright(data, max_bytes=20 * MEGABYTE, max_pixels=40_000_000))


def sentence(data: bytes, max_bytes: int = 20 * MEGABYTE) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(InvalidImage) as refusal:
        make_working_copy(data, max_bytes=max_bytes, max_pixels=40_000_000)
    said = str(refusal.value)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "\n" not in said
    return said


def flat(colour: tuple[int, ...] = ORANGE, size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("RGB", size, colour)


def photo(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture with texture, so that a part of its file is not enough to show all of it."""
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(noise)


def assert_colour(pixels: Pixels, colour: tuple[float, ...], within: int = 1) -> None:
    difference = np.abs(pixels.astype(int) - np.asarray(colour))
    assert difference.max() <= within, pixels.reshape(-1, 3)[0]


# The working copy


@pytest.mark.parametrize(("fmt", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_working_copy_knows_its_original(fmt: str, mime: str) -> None:
    data = encoded(flat(), fmt, lossless=True)
    copy = working_copy(data)
    assert copy.mime == mime
    assert copy.sha256 == hashlib.sha256(data).hexdigest()
    assert_colour(decode(copy.jpeg), ORANGE, within=2)


def test_a_working_copy_is_a_jpeg_of_quality_92_without_subsampling() -> None:
    image = Image.open(io.BytesIO(working_copy(encoded(photo(), "PNG")).jpeg))
    reference = Image.open(io.BytesIO(encoded(flat(), "JPEG", quality=92)))
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    assert get_sampling(image) == 0
    assert image.quantization == reference.quantization  # type: ignore[attr-defined]


def jpeg_markers(data: bytes) -> list[int]:
    markers, position = [], 2
    while data[position + 1] != 0xDA:
        markers.append(data[position + 1])
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return markers


def test_a_working_copy_keeps_no_metadata() -> None:
    full = encoded(
        flat(),
        "JPEG",
        exif=b"Exif\0\0" + exif(1),
        icc_profile=rgb_profile(SRGB),
        comment=b"at home",
        xmp=b"<x:xmpmeta/>",
        dpi=(300, 300),
    )
    assert {0xE1, 0xE2, 0xFE} <= set(jpeg_markers(full))
    jpeg = working_copy(full).jpeg
    assert {marker for marker in jpeg_markers(jpeg) if marker >= 0xE0} == {0xE0}
    assert b"Exif" not in jpeg
    assert b"at home" not in jpeg


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 1), (1, 1)),
        ((100, 80), (100, 80)),
        ((1024, 1024), (1024, 1024)),
        ((1025, 3), (1024, 3)),
        ((1500, 1000), (1024, 683)),
        ((3000, 4000), (768, 1024)),
        ((9000, 1), (1024, 1)),
        ((2, 9000), (1, 1024)),
    ],
)
@pytest.mark.parametrize("fmt", ["JPEG", "PNG"])
def test_the_long_side_is_at_most_1024_and_no_side_vanishes(
    size: tuple[int, int], expected: tuple[int, int], fmt: str
) -> None:
    copy = working_copy(encoded(flat(size=size), fmt))
    assert (copy.width, copy.height) == expected
    pixels = decode(copy.jpeg)
    assert pixels.shape == (*expected[::-1], 3)
    assert_colour(pixels, ORANGE, within=2)


def test_shrinking_in_bands_looks_like_shrinking_at_once() -> None:
    rows, columns = np.mgrid[:1700, :2100]
    channels = (columns // 9, rows // 7, np.full_like(rows, 90), 250 - rows // 9)
    image = Image.fromarray(np.dstack(channels).astype(np.uint8), "RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(image, mask=image)
    expected = np.asarray(on_white.resize((256, 207), Image.Resampling.LANCZOS))
    pixels = decode(working_copy(encoded(image, compress_level=1), long_side=256).jpeg)
    assert np.abs(pixels.astype(int) - expected).max() <= 5
    assert np.abs(pixels.astype(int) - expected).mean() < 1


def test_a_working_copy_decodes_to_the_same_writable_pixels_every_time() -> None:
    jpeg = working_copy(encoded(photo(), "PNG")).jpeg
    pixels = decode(jpeg)
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert np.array_equal(pixels, decode(jpeg))


def test_a_stored_file_that_broke_is_refused() -> None:
    with pytest.raises(InvalidImage):
        decode(working_copy(encoded(photo())).jpeg[:-600])


@pytest.mark.parametrize(("fmt", "size"), [("JPEG", (500, 375)), ("PNG", (667, 500)), ("WEBP", (667, 500))])
def test_a_draft_is_smaller_but_never_too_small(fmt: str, size: tuple[int, int]) -> None:
    data = encoded(flat(size=(2000, 1500)), fmt, lossless=True)
    draft = read_upright(data, max_bytes=MEGABYTE, max_pixels=4_000_000, draft_side=300)
    assert draft.size == size  # a JPEG is decoded at a quarter of its size
    assert_colour(np.asarray(draft), ORANGE, within=2)
    assert upright(data).shape == (1500, 2000, 3)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_an_upright_picture_carries_no_metadata(fmt: str) -> None:
    data = encoded(flat(), fmt, exif=b"Exif\0\0" + exif(1), icc_profile=rgb_profile(SRGB), dpi=(72, 72))
    assert read_upright(data, max_bytes=MEGABYTE, max_pixels=1000).info == {}


# The right way up

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


# Colour profiles


def test_a_profile_with_swapped_channels_swaps_them() -> None:
    red, green, blue = SRGB
    data = encoded(flat(), icc_profile=rgb_profile((green, red, blue)))
    assert_colour(upright(data), (100, 200, 50))


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_a_wide_gamut_is_brought_to_srgb(fmt: str) -> None:
    options = {"lossless": True} if fmt == "WEBP" else {"quality": 100} if fmt == "JPEG" else {}
    data = encoded(flat(), fmt, icc_profile=rgb_profile(DISPLAY_P3), **options)
    # Display P3 (200, 100, 50), by the formulas of CSS Color 4.
    assert_colour(upright(data), (215, 93, 31), within=3)


def test_a_long_profile_in_several_segments_is_put_together() -> None:
    profile = rgb_profile(DISPLAY_P3) + bytes(100_000)
    profile = struct.pack(">I", len(profile)) + profile[4:]
    data = encoded(flat(), "JPEG", quality=100, icc_profile=profile)
    assert jpeg_markers(data).count(0xE2) > 1
    assert_colour(upright(data), (215, 93, 31), within=3)


def test_a_grey_profile_applies_to_grey_pictures() -> None:
    linear = encoded(Image.new("L", (4, 4), 55), icc_profile=grey_profile(LINEAR_CURVE))
    assert_colour(upright(linear), (128, 128, 128))


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile at all",
        rgb_profile(DISPLAY_P3)[:200],
        rgb_profile(DISPLAY_P3).replace(b"acsp", b"zzzz"),
        grey_profile(LINEAR_CURVE),
    ],
)
def test_a_profile_that_is_broken_or_does_not_fit_is_ignored(profile: bytes) -> None:
    for fmt in ("PNG", "WEBP"):
        data = encoded(flat(), fmt, icc_profile=profile, lossless=True)
        assert_colour(upright(data), ORANGE)


def test_a_profile_that_does_not_inflate_is_ignored() -> None:
    data = encoded(flat())
    for content in (b"name\0\0garbage", b"name", b"", b"\0"):
        assert_colour(upright(data[:33] + png_chunk(b"iCCP", content) + data[33:]), ORANGE)


@pytest.mark.parametrize(
    ("ancillary", "expected"),
    [
        (png_chunk(b"gAMA", struct.pack(">I", 45455)), 55),
        (png_chunk(b"gAMA", struct.pack(">I", 100_000)), 128),
        (png_chunk(b"gAMA", struct.pack(">I", 100_000)) + png_chunk(b"sRGB", b"\0"), 55),
        (png_chunk(b"gAMA", bytes(4)), 55),
        (png_chunk(b"gAMA", b"\0"), 55),
    ],
)
def test_the_gamma_of_a_png_counts_when_nothing_better_is_said(ancillary: bytes, expected: int) -> None:
    assert_colour(upright(raw_png((1, 1), 8, 2, [bytes([55] * 3)], ancillary)), (expected,) * 3)
    assert_colour(upright(raw_png((1, 1), 8, 0, [bytes([55])], ancillary)), (expected,) * 3)


# Colour models

INKS = [
    ((0, 0, 0, 0), (255, 255, 255)),
    ((255, 0, 0, 0), (0, 255, 255)),
    ((0, 255, 255, 0), (255, 0, 0)),
    ((0, 0, 0, 255), (0, 0, 0)),
    ((0, 0, 128, 0), (255, 255, 127)),
    ((0, 0, 0, 100), (155, 155, 155)),
]


@pytest.mark.parametrize(("inks", "colour"), INKS)
def test_cmyk_stored_inverted_as_adobe_does(inks: tuple[int, ...], colour: tuple[int, ...]) -> None:
    data = encoded(Image.new("CMYK", (16, 16), inks), "JPEG", quality=100)
    assert b"Adobe" in data
    assert_colour(upright(data), colour, within=2)


def test_ycck_is_cmyk_in_other_words() -> None:
    # The transform works on amounts of ink: what is full red in JFIF (76, 85, 255) is full cyan here.
    data = encoded(Image.new("CMYK", (16, 16), (255 - 76, 255 - 85, 255 - 255, 0)), "JPEG", quality=100)
    transform = data.index(b"Adobe") + 11
    ycck = data[:transform] + b"\2" + data[transform + 1 :]
    assert_colour(upright(ycck), (0, 255, 255), within=4)


def test_a_cmyk_profile_decides_what_inks_look_like() -> None:
    red_in_lab = (54.29, 80.81, 69.89)
    press = cmyk_profile({(1, 0, 0, 0): red_in_lab})
    cyan = encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", icc_profile=press)
    paper = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG", icc_profile=press)
    assert_colour(upright(cyan), (255, 0, 0), within=3)
    assert_colour(upright(paper), (255, 255, 255), within=2)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG"])
def test_greyscale_becomes_grey(fmt: str) -> None:
    assert_colour(upright(encoded(Image.new("L", (8, 8), 77), fmt)), (77, 77, 77))


def test_black_and_white_is_black_and_white() -> None:
    assert upright(raw_png((3, 1), 1, 0, [b"\x40"])).tolist() == [[[0] * 3, [255] * 3, [0] * 3]]


@pytest.mark.parametrize(("depth", "row"), [(2, b"\x18"), (4, b"\x05\xa0")])
def test_shallow_greys_span_the_whole_range(depth: int, row: bytes) -> None:
    assert upright(raw_png((3, 1), depth, 0, [row]))[0, :, 0].tolist() == [0, 85, 170]


@pytest.mark.parametrize(
    ("colour_type", "samples", "expected"),
    [
        (0, [0x4D4D], (77, 77, 77)),
        (0, [0xFFFF], (255, 255, 255)),
        (0, [0x00FF], (1, 1, 1)),
        (2, [0xC8C8, 0x6464, 0x3232], ORANGE),
        (4, [0x4D4D, 0xFFFF], (77, 77, 77)),
        (4, [0x0000, 0x8080], (127, 127, 127)),
        (6, [0xC8C8, 0x6464, 0x3232, 0xFFFF], ORANGE),
        (6, [0xC8C8, 0x6464, 0x3232, 0x0000], (255, 255, 255)),
    ],
)
def test_sixteen_bits_are_brought_to_eight(colour_type: int, samples: list[int], expected: tuple[int, ...]) -> None:
    row = struct.pack(f">{len(samples)}H", *samples)
    assert_colour(upright(raw_png((1, 1), 16, colour_type, [row])), expected)


def test_a_palette_becomes_its_colours() -> None:
    palette = png_chunk(b"PLTE", bytes([1, 2, 3, *ORANGE]))
    assert upright(raw_png((2, 1), 8, 3, [b"\0\1"], palette)).tolist() == [[[1, 2, 3], list(ORANGE)]]


# Transparency, on white

HALF_ORANGE = (227, 177, 152)


@pytest.mark.parametrize("fmt", ["PNG", "WEBP"])
def test_what_is_half_transparent_mixes_with_white(fmt: str) -> None:
    image = Image.new("RGBA", (3, 1), (*ORANGE, 128))
    image.putpixel((1, 0), (9, 9, 9, 0))
    image.putpixel((2, 0), (*ORANGE, 255))
    pixels = upright(encoded(image, fmt, lossless=True, exact=True))
    assert_colour(pixels[:, 0], HALF_ORANGE)
    assert_colour(pixels[:, 1], (255, 255, 255))
    assert_colour(pixels[:, 2], ORANGE)


def test_grey_with_transparency_mixes_with_white() -> None:
    assert_colour(upright(encoded(Image.new("LA", (2, 2), (0, 128)))), (127, 127, 127))


def test_grey_with_transparency_keeps_its_grey_profile() -> None:
    data = encoded(Image.new("LA", (2, 2), (55, 255)), icc_profile=grey_profile(LINEAR_CURVE))
    assert_colour(upright(data), (128, 128, 128))


@pytest.mark.parametrize("alphas", [b"\0\x80", b"\xff\0"])
def test_transparent_palette_entries_show_white(alphas: bytes) -> None:
    chunks = png_chunk(b"PLTE", bytes([*ORANGE, *ORANGE])) + png_chunk(b"tRNS", alphas)
    pixels = upright(raw_png((2, 1), 8, 3, [b"\0\1"], chunks))
    shown = {0: (255, 255, 255), 128: HALF_ORANGE, 255: ORANGE}
    for pixel, alpha in zip(pixels[0], alphas, strict=True):
        assert_colour(pixel[None], shown[alpha])


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "key"),
    [
        (1, 0, b"\x40", [1]),
        (2, 0, b"\x10", [1]),
        (4, 0, b"\x07\x00", [7]),
        (8, 0, bytes([0, 77, 0]), [77]),
        (16, 0, struct.pack(">3H", 0, 0x1234, 0), [0x1234]),
        (8, 2, bytes([0, 0, 0, 1, 2, 3, 0, 0, 0]), [1, 2, 3]),
        (16, 2, struct.pack(">9H", 0, 0, 0, 0x1234, 0x5678, 0x9ABC, 0, 0, 0), [0x1234, 0x5678, 0x9ABC]),
    ],
)
def test_a_transparent_colour_shows_white(depth: int, colour_type: int, row: bytes, key: list[int]) -> None:
    transparent = png_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    pixels = upright(raw_png((3, 1), depth, colour_type, [row], transparent))
    assert pixels.tolist() == [[[0] * 3, [255] * 3, [0] * 3]]


def test_sixteen_bit_greys_beside_the_transparent_one_stay() -> None:
    transparent = png_chunk(b"tRNS", struct.pack(">H", 0x1234))
    row = struct.pack(">2H", 0x1234, 0x1235)
    assert upright(raw_png((2, 1), 16, 0, [row], transparent))[0, :, 0].tolist() == [255, 18]


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
    assert Image.open(io.BytesIO(data)).n_frames == 3  # type: ignore[attr-defined]
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
    monkeypatch.setattr("selector.imaging.imagefile._DECODERS", {})  # nothing may be decoded
    assert sentence(bomb) == "The picture has 60.0 megapixels; at most 40.0 are allowed."


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_the_limit_of_pixels_holds_for_every_format(fmt: str) -> None:
    data = encoded(flat(size=(40, 30)), fmt)
    assert working_copy(data, max_pixels=1200).width == 40
    with pytest.raises(InvalidImage, match="megapixels"):
        working_copy(data, max_pixels=1199)


def test_the_canvas_of_a_webp_is_checked_before_room_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("RGBA", (8, 8), (1, 2, 3, 4)), "WEBP")
    canvas = data.index(b"VP8X") + 12
    monkeypatch.setattr("selector.imaging.imagefile._DECODERS", {})
    bomb = data[:canvas] + b"\xfe\x3f\0\xfe\x3f\0" + data[canvas + 6 :]
    assert "268.4 megapixels" in sentence(bomb)


def test_a_picture_too_long_to_be_one_is_refused() -> None:
    assert "pixels long" in sentence(raw_png((1, 70_000), 8, 0, [b"\0\0"] * 70_000))


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_a_truncated_file_is_refused(fmt: str, share: float) -> None:
    data = encoded(photo(), fmt)
    cut = data[: int(len(data) * share)]
    assert sentence(cut)
    if fmt != "WEBP":
        assert sentence(cut) == "The file is incomplete: it ends before the picture does."


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    data = encoded(photo((300, 200)), "JPEG", progressive=True)
    assert "incomplete" in sentence(data[: len(data) // 2])


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_a_file_with_only_its_first_bytes_is_refused(fmt: str) -> None:
    data = encoded(photo((8, 8)), fmt)
    for length in range(1, 60):
        assert sentence(data[:length])


OTHERS = [
    (b"Dear diary,\n\ntoday I renamed this file to photo.jpg.\n", "text file"),
    ("Grüße aus Köln ".encode() * 200, "text file"),
    (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "Most Compatible"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
    (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "AVIF"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw file"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
    (encoded(Image.new("P", (4, 4)), "GIF"), "GIF"),
    (encoded(flat(), "TIFF"), "TIFF"),
    (encoded(flat(), "BMP"), "BMP"),
    (encoded(flat(), "ICO"), "icon"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    (b"PK\x03\x04\x14\0\x06\0", "archive"),
    (b"8BPS\0\1\0\0\0\0\0\0", "Photoshop"),
    (b"\xff\x0a\xfa\x7f\x01", "JPEG XL"),
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


WHOLE = [
    encoded(photo((24, 20)), "JPEG", exif=b"Exif\0\0" + exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)), "JPEG", progressive=True),
    encoded(photo((24, 20)).convert("CMYK"), "JPEG", icc_profile=cmyk_profile({})),
    encoded(photo((24, 20)), exif=exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)).convert("P"), transparency=3),
    encoded(photo((24, 20)), "WEBP", exif=exif(6), icc_profile=rgb_profile(DISPLAY_P3)),
    encoded(photo((24, 20)).convert("RGBA"), "WEBP", lossless=True),
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
