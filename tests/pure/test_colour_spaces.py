"""Colours that a file names without a profile: numbers of H.273, gamma and primaries, HDR."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from selector.imaging.colour import in_srgb
from selector.imaging.containers import read_container
from selector.imaging.containers.container import Container
from tests.pure.colour_formulas import Colour, hlg_nits, pq_nits, srgb_light, srgb_of_light, srgb_sample
from tests.pure.images import DISPLAY_P3, LINEAR_CURVE, SRGB, encoded, grey_profile, png_chunk, raw_png, rgb_profile
from tests.pure.uploads import ORANGE, assert_colour, flat, upright

P3 = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
BT709 = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SRGB_CHUNK = png_chunk(b"sRGB", b"\0")
SWAPPED = rgb_profile((SRGB[1], SRGB[0], SRGB[2]))


def cicp(*numbers: int) -> bytes:
    return png_chunk(b"cICP", bytes(numbers))


def gama(gamma: float) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def chrm(chromaticities: tuple[float, ...]) -> bytes:
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in chromaticities)))


def iccp(profile: bytes) -> bytes:
    return png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))


def png(chunks: bytes, colour: tuple[int, ...] = ORANGE, after: bytes = b"") -> bytes:
    """One pixel of 8 bits, with chunks in front of the picture and behind it."""
    colour_type = {1: 0, 3: 2, 4: 6}[len(colour)]
    data = raw_png((1, 1), 8, colour_type, [bytes(colour)], chunks)
    return data[:-12] + after + data[-12:]


def in_light(colour: Colour, exponent: float) -> Colour:
    red, green, blue = ((sample / 255) ** exponent for sample in colour)
    return red, green, blue


def shown(space: str, light: Colour) -> Colour:
    return srgb_of_light(light, space)


ORANGE_LIGHT = (srgb_light(200), srgb_light(100), srgb_light(50))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((12, 13), shown("P3", ORANGE_LIGHT)),
        ((9, 13), shown("2020", ORANGE_LIGHT)),
        ((1, 13), ORANGE),
        ((1, 4), shown("sRGB", in_light(ORANGE, 2.2))),
        ((1, 5), shown("sRGB", in_light(ORANGE, 2.8))),
        ((1, 8), shown("sRGB", in_light(ORANGE, 1))),
        # Video, as a display of BT.1886 shows it.
        ((1, 1), shown("sRGB", in_light(ORANGE, 2.4))),
        ((9, 14), shown("2020", in_light(ORANGE, 2.4))),
        ((12, 8), shown("P3", in_light(ORANGE, 1))),
    ],
)
def test_a_png_is_shown_by_its_cicp(numbers: tuple[int, int], expected: Colour) -> None:
    assert_colour(upright(png(cicp(*numbers, 0, 1))), expected)


@pytest.mark.parametrize(
    "chunk",
    [
        cicp(12, 13, 1, 1),  # not RGB
        cicp(12, 13, 0, 0),  # not in full range
        cicp(2, 13, 0, 1),
        cicp(12, 2, 0, 1),
        cicp(99, 13, 0, 1),
        cicp(12, 99, 0, 1),
        png_chunk(b"cICP", b"\x0c\x0d\0"),
    ],
)
def test_a_cicp_that_says_nothing_gives_way_to_what_comes_next(chunk: bytes) -> None:
    assert_colour(upright(png(chunk)), ORANGE)
    assert_colour(upright(png(chunk + iccp(SWAPPED))), (100, 200, 50))
    assert_colour(upright(png(chunk + gama(1))), shown("sRGB", in_light(ORANGE, 1)))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (cicp(12, 13, 0, 1) + iccp(SWAPPED), shown("P3", ORANGE_LIGHT)),
        (iccp(SWAPPED) + cicp(12, 13, 0, 1), shown("P3", ORANGE_LIGHT)),
        (cicp(1, 13, 0, 1) + gama(1), ORANGE),
        (cicp(1, 13, 0, 1) + iccp(SWAPPED), ORANGE),
        (cicp(99, 13, 0, 1) + iccp(SWAPPED) + gama(1), (100, 200, 50)),
        (iccp(SWAPPED) + gama(1), (100, 200, 50)),
        (SRGB_CHUNK + iccp(SWAPPED) + gama(1), (100, 200, 50)),
        (SRGB_CHUNK + gama(1) + chrm(P3), ORANGE),
        (iccp(b"no profile at all") + gama(1), shown("sRGB", in_light(ORANGE, 1))),
        (png_chunk(b"iCCP", b"name\0\0garbage") + gama(1), shown("sRGB", in_light(ORANGE, 1))),
        (iccp(b"no profile at all") + SRGB_CHUNK + gama(1), ORANGE),
        # A whole profile, though for other pictures, is an answer.
        (iccp(grey_profile(LINEAR_CURVE)) + gama(1), ORANGE),
    ],
)
def test_cicp_goes_over_profile_over_srgb_over_gamma(chunks: bytes, expected: Colour) -> None:
    assert_colour(upright(png(chunks)), expected)
    assert_colour(upright(deep(2, [257 * sample for sample in ORANGE], chunks)), expected)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (gama(1 / 2.2) + chrm(P3), shown("P3", in_light(ORANGE, 2.2))),
        (gama(1) + chrm(P3), shown("P3", in_light(ORANGE, 1))),
        # With primaries the gamma is meant as it is written, without them it stands for sRGB.
        (gama(1 / 2.2) + chrm(BT709), shown("sRGB", in_light(ORANGE, 2.2))),
        (gama(1 / 2.2), ORANGE),
        (gama(0.5), shown("sRGB", in_light(ORANGE, 2))),
        (chrm(P3), ORANGE),
        (gama(1) + chrm((0,) * 8), ORANGE),
        (gama(1) + chrm((0.3, 0.3) * 4), ORANGE),
    ],
)
def test_gamma_and_primaries_of_a_png(chunks: bytes, expected: Colour) -> None:
    assert_colour(upright(png(chunks)), expected)


def test_what_is_said_after_the_picture_does_not_count() -> None:
    for chunk in (cicp(1, 8, 0, 1), gama(1), iccp(SWAPPED)):
        assert_colour(upright(png(b"", after=chunk)), ORANGE)


def test_greys_and_palettes_have_their_colours_as_well() -> None:
    assert_colour(upright(png(cicp(12, 8, 0, 1), (55,))), (srgb_sample(55 / 255),) * 3)
    palette = png_chunk(b"PLTE", bytes([*ORANGE]))
    data = raw_png((1, 1), 8, 3, [b"\0"], cicp(12, 13, 0, 1) + palette)
    assert_colour(upright(data), shown("P3", ORANGE_LIGHT))


def test_what_is_half_transparent_is_mixed_with_white_in_srgb() -> None:
    shows = shown("sRGB", in_light(ORANGE, 1))
    half = tuple(255 + (sample - 255) * 128 / 255 for sample in shows)
    assert_colour(upright(png(gama(1), (*ORANGE, 128))), half)
    assert_colour(upright(encoded(Image.new("RGBA", (2, 2), (*ORANGE, 0)), icc_profile=SWAPPED)), (255, 255, 255))


# AVIF and HEIC name colours by nclx; any decoder may give the picture


def of_nclx(numbers: tuple[int, int], profile: bytes = b"") -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    container = read_container(encoded(flat(), "WEBP", lossless=True))
    return np.asarray(in_srgb(flat(), replace(container, cicp=(*numbers, 6, 0), profile=profile)))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((12, 13), shown("P3", ORANGE_LIGHT)),
        ((12, 2), shown("P3", ORANGE_LIGHT)),
        ((2, 2), ORANGE),
        ((1, 1), ORANGE),
        ((12, 1), shown("P3", ORANGE_LIGHT)),
        ((99, 99), ORANGE),
        ((2, 8), shown("sRGB", in_light(ORANGE, 1))),
    ],
)
def test_nclx_says_which_colours_and_what_it_leaves_open_is_srgb(numbers: tuple[int, int], expected: Colour) -> None:
    assert_colour(of_nclx(numbers), expected)


def test_a_profile_goes_over_nclx() -> None:
    assert_colour(of_nclx((12, 13), SWAPPED), (100, 200, 50))
    assert_colour(of_nclx((12, 13), b"no profile at all"), shown("P3", ORANGE_LIGHT))


# HDR

# What Chromium shows on a display of sRGB for every sixteenth grey (version 156).
PQ_GREYS = [0, 1, 5, 15, 30, 48, 70, 98, 132, 175, 213, 237, 255, 255, 255, 255]
HLG_GREYS = [0, 3, 14, 29, 43, 57, 71, 85, 99, 115, 135, 160, 189, 212, 228, 243]
PQ_GREYS_OF_400 = [0, 1, 8, 21, 39, 61, 88, 121, 163, 214, 249, 255, 255, 255, 255, 255]


def lights(nits: int) -> bytes:
    return png_chunk(b"cLLI", struct.pack(">II", 10_000 * nits, 10_000))


def display_of(nits: int) -> bytes:
    return png_chunk(b"mDCV", bytes(16) + struct.pack(">II", 10_000 * nits, 1))


@pytest.mark.parametrize(
    ("chunks", "greys"),
    [
        (cicp(9, 16, 0, 1), PQ_GREYS),
        (cicp(1, 16, 0, 1), PQ_GREYS),
        (cicp(9, 18, 0, 1), HLG_GREYS),
        (cicp(9, 16, 0, 1) + lights(400), PQ_GREYS_OF_400),
        (cicp(9, 16, 0, 1) + display_of(400), PQ_GREYS_OF_400),
    ],
)
def test_hdr_greys_are_those_of_a_browser_on_a_display_without_hdr(chunks: bytes, greys: list[int]) -> None:
    pixels = upright(raw_png((16, 1), 8, 0, [bytes(range(0, 256, 16))], chunks))
    assert np.abs(pixels[0].astype(int) - np.array(greys)[:, None]).max() <= 1


def test_pq_light_up_to_white_is_halved() -> None:
    red, green, blue = (pq_nits(sample / 255) / 203 / 2 for sample in (110, 90, 60))
    assert_colour(upright(png(cicp(9, 16, 0, 1), (110, 90, 60))), shown("2020", (red, green, blue)))
    assert_colour(upright(png(cicp(12, 16, 0, 1), (110, 90, 60))), shown("P3", (red, green, blue)))


def test_hlg_light_up_to_white_is_halved_after_the_displays_own_gamma() -> None:
    red, green, blue = (nits / 203 / 2 for nits in hlg_nits((120 / 255, 100 / 255, 60 / 255)))
    assert_colour(upright(png(cicp(9, 18, 0, 1), (120, 100, 60))), shown("2020", (red, green, blue)))


def test_a_picture_no_brighter_than_white_needs_no_tone_mapping() -> None:
    red, green, blue = (pq_nits(sample / 255) / 203 for sample in (110, 90, 60))
    assert_colour(upright(png(cicp(9, 16, 0, 1) + lights(203), (110, 90, 60))), shown("2020", (red, green, blue)))


def deep(colour_type: int, samples: list[int], chunks: bytes) -> bytes:
    return raw_png((1, 1), 16, colour_type, [struct.pack(f">{len(samples)}H", *samples)], chunks)


@pytest.mark.parametrize("interlaced", [False, True])
def test_sixteen_bits_keep_what_eight_lose(interlaced: bool) -> None:
    # Dark and linear: the upper halves of these samples are all 1, which alone would be (13, 13, 13).
    samples = [0x0100, 0x0180, 0x01FF]
    data = deep(2, samples, cicp(1, 8, 0, 1))
    if interlaced:
        header = data[16:28] + b"\1"
        data = data[:8] + png_chunk(b"IHDR", header) + data[33:]
    expected = shown("sRGB", (samples[0] / 65_535, samples[1] / 65_535, samples[2] / 65_535))
    assert expected[2] - expected[0] > 8
    assert_colour(upright(data), expected)


def test_sixteen_bits_of_hdr_greys_and_transparency() -> None:
    light = pq_nits(0x7123 / 65_535) / 203 / 2
    assert_colour(upright(deep(0, [0x7123], cicp(9, 16, 0, 1))), (srgb_sample(light),) * 3)
    half = 255 + (srgb_sample(light) - 255) * 128 / 255
    assert_colour(upright(deep(6, [0x7123] * 3 + [0x8080], cicp(9, 16, 0, 1))), (half,) * 3)
    assert_colour(upright(deep(4, [0x7123, 0x8080], cicp(9, 16, 0, 1))), (half,) * 3)
    for colour_type, key in ((0, [0x7123]), (2, [0x7123] * 3)):
        clear = png_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
        assert_colour(upright(deep(colour_type, key, cicp(9, 16, 0, 1) + clear)), (255, 255, 255))


# Adobe RGB by the rules for camera files (DCF)


def adobe_exif(colour_space: int = 0xFFFF, index: bytes = b"R03\0", order: str = "<") -> bytes:
    start = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(f"{order}IH HHII I", 8, 1, 0x8769, 4, 1, 26, 0)
    details = struct.pack(f"{order}H HHI", 2, 0xA001, 3, 1) + struct.pack(f"{order}HH", colour_space, 0)
    details += struct.pack(f"{order}HHII I", 0xA005, 4, 1, 56, 0)
    return start + first + details + struct.pack(f"{order}H HHI", 1, 1, 2, 4) + index + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("fmt", ["JPEG", "WEBP"])
def test_a_cameras_adobe_rgb_without_a_profile(fmt: str, order: str) -> None:
    data = encoded(flat(), fmt, exif=b"Exif\0\0" + adobe_exif(order=order), quality=100, lossless=True)
    assert_colour(upright(data), shown("Adobe", in_light(ORANGE, 563 / 256)), within=2)


@pytest.mark.parametrize(
    "exif_data", [adobe_exif(1), adobe_exif(index=b"R98\0"), adobe_exif()[:60], adobe_exif()[:44], adobe_exif()[:20]]
)
def test_other_exif_says_nothing_of_colours(exif_data: bytes) -> None:
    data = encoded(flat(), "WEBP", exif=b"Exif\0\0" + exif_data, lossless=True)
    assert_colour(upright(data), ORANGE)


def test_a_profile_goes_over_a_cameras_adobe_rgb() -> None:
    data = encoded(flat(), "JPEG", exif=b"Exif\0\0" + adobe_exif(), icc_profile=rgb_profile(DISPLAY_P3), quality=100)
    assert_colour(upright(data), shown("P3", ORANGE_LIGHT), within=3)


def test_the_container_of_a_cicp_has_its_numbers() -> None:
    container = read_container(png(cicp(9, 16, 0, 1) + lights(600)))
    assert isinstance(container, Container)
    assert (container.cicp, container.peak) == ((9, 16, 0, 1), 600.0)
