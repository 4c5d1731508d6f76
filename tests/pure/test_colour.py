"""Colour profiles, colour models and transparency: each case checks pixel values."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from tests.pure.images import (
    DISPLAY_P3,
    LINEAR_CURVE,
    SRGB,
    cmyk_profile,
    encoded,
    grey_profile,
    png_chunk,
    raw_png,
    rgb_profile,
)
from tests.pure.uploads import ORANGE, assert_colour, flat, jpeg_markers, upright

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


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_profile_for_colours_applies_to_grey_pictures_as_well(mode: str) -> None:
    linear = encoded(Image.new("L", (4, 4), 55).convert(mode), icc_profile=rgb_profile(SRGB, LINEAR_CURVE))
    assert_colour(upright(linear), (128, 128, 128))


def test_a_profile_for_colours_applies_to_a_grey_jpeg() -> None:
    linear = encoded(Image.new("L", (8, 8), 55), "JPEG", quality=100, icc_profile=rgb_profile(SRGB, LINEAR_CURVE))
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


def test_black_ink_stays_as_dark_as_its_profile_says() -> None:
    press = cmyk_profile({(0, 0, 0, 1): (20, 0, 0)})
    black = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 255)), "JPEG", icc_profile=press)
    # L* 20 is a light of 0.0299 (CIE 1976).
    assert_colour(upright(black), (48, 48, 48), within=2)


def test_of_several_tables_the_perceptual_one_counts() -> None:
    profile = cmyk_profile({(1, 0, 0, 0): (54.29, 80.81, 69.89)})
    other = cmyk_profile({(1, 0, 0, 0): (87.8, -86.2, 83.2)})
    start = profile.index(b"mft1")
    second = profile.rindex(b"mft1")
    assert start != second
    both = profile[:second] + other[second:]
    cyan = encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", icc_profile=both)
    assert_colour(upright(cyan), (255, 0, 0), within=3)


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
