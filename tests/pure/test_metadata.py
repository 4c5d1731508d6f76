"""What is known of a picture beside its pixels: XMP's orientation, what it measures, gain maps, frames."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image

from selector.imaging.containers import read_container
from selector.imaging.imagefile import decode
from tests.pure.images import Pixels, encoded, exif, png_chunk, raw_png
from tests.pure.uploads import ORANGE, assert_colour, flat, sentence, upright, working_copy

WIDE = (48, 32)

# XMP's orientation, where EXIF has none

AS_ATTRIBUTE = b'<rdf:Description tiff:Orientation="6" xmp:Rating="1"/>'
AS_ELEMENT = b"<rdf:Description><tiff:Orientation>6</tiff:Orientation></rdf:Description>"


def with_xmp(fmt: str, packet: bytes, exif_data: bytes = b"") -> bytes:
    """A wide picture with a packet of XMP, and perhaps with EXIF."""
    options: dict[str, Any] = {"exif": exif_data if fmt == "PNG" else b"Exif\0\0" + exif_data} if exif_data else {}
    if fmt == "PNG":
        data = encoded(flat(size=WIDE), **options)
        return data[:33] + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet) + data[33:]
    return encoded(flat(size=WIDE), fmt, xmp=packet, **options)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("packet", [AS_ATTRIBUTE, AS_ELEMENT, AS_ATTRIBUTE.replace(b'"', b"'")])
def test_xmp_says_which_way_is_up_where_exif_does_not(fmt: str, packet: bytes) -> None:
    assert upright(with_xmp(fmt, packet)).shape == (48, 32, 3)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_exif_goes_over_xmp(fmt: str) -> None:
    assert upright(with_xmp(fmt, AS_ATTRIBUTE, exif(1))).shape == (32, 48, 3)
    assert upright(with_xmp(fmt, AS_ATTRIBUTE, exif(99))).shape == (48, 32, 3), "that says nothing"


@pytest.mark.parametrize(
    "packet", [b"", b'tiff:Orientation="9"', b'tiff:Orientation="66"', b"tiff:Orientation", b'orientation="6"']
)
def test_other_xmp_turns_nothing(packet: bytes) -> None:
    for fmt in ("JPEG", "PNG", "WEBP"):
        assert upright(with_xmp(fmt, packet)).shape == (32, 48, 3)


@pytest.mark.timeout(60)  # Were it searched anew from each of its beginnings, it would take hours.
def test_endless_xmp_is_searched_once() -> None:
    packet = b"tiff:Orientation" + b" " * 5_000_000 + b'="6"'
    assert upright(with_xmp("PNG", packet)).shape == (32, 48, 3)
    assert upright(with_xmp("PNG", b"tiff:Orientation " * 300_000)).shape == (32, 48, 3)


# What it measures: 300 dots per inch are 11,811 per metre


def phys(across: int, down: int, unit: int = 1) -> bytes:
    data = encoded(flat(size=WIDE))
    return data[:33] + png_chunk(b"pHYs", struct.pack(">IIB", across, down, unit)) + data[33:]


def resolution(across: Fraction, down: Fraction, unit: int, orientation: int = 1, order: str = "<") -> bytes:
    """EXIF data with a resolution."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, 4)
    entries = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(f"{order}HHII HHII", 0x011A, 5, 1, 62, 0x011B, 5, 1, 70)
    entries += struct.pack(f"{order}HHIHH I", 0x0128, 3, 1, unit, 0, 0)
    ratios = (across.numerator, across.denominator, down.numerator, down.denominator)
    return start + entries + struct.pack(f"{order}4I", *ratios)


def jfif(unit: int, across: int, down: int) -> bytes:
    data = encoded(flat(size=WIDE), "JPEG")
    return data[:13] + struct.pack(">BHH", unit, across, down) + data[18:]


def measured(data: bytes) -> tuple[float, float] | None:
    """Dots per inch."""
    found = read_container(data).dots_per_metre
    return (round(found[0] * 0.0254, 2), round(found[1] * 0.0254, 2)) if found else None


@pytest.mark.parametrize(
    ("data", "dots_per_inch"),
    [
        (phys(11_811, 23_622), (300, 600)),
        (phys(11_811, 11_811, unit=0), None),
        (phys(0, 11_811), None),
        (jfif(1, 300, 600), (300, 600)),
        (jfif(2, 100, 100), (254, 254)),
        (jfif(0, 1, 1), None),
        (jfif(1, 72, 72), None),  # what programs write that do not know it
        (jfif(1, 0, 300), None),
    ],
)
def test_dots_per_inch_of_png_and_jfif(data: bytes, dots_per_inch: tuple[float, float] | None) -> None:
    assert measured(data) == dots_per_inch


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("data", "dots_per_inch"),
    [
        (resolution(Fraction(300), Fraction(1201, 2), 2), (300, 600.5)),
        (resolution(Fraction(300), Fraction(300), 2, order=">"), (300, 300)),
        (resolution(Fraction(100), Fraction(100), 3), (254, 254)),
        (resolution(Fraction(72), Fraction(72), 2), None),  # by the standard: not known
        (resolution(Fraction(300), Fraction(300), 1), None),
        (resolution(Fraction(0), Fraction(300), 2), None),
        (resolution(Fraction(300), Fraction(300), 2)[:70], None),
    ],
)
def test_dots_per_inch_of_exif(fmt: str, data: bytes, dots_per_inch: tuple[float, float] | None) -> None:
    prefix = b"" if fmt == "PNG" else b"Exif\0\0"
    assert measured(encoded(flat(size=WIDE), fmt, exif=prefix + data)) == dots_per_inch


def test_a_working_copy_knows_what_the_picture_measures() -> None:
    copy = working_copy(phys(12_000, 24_000))
    assert copy.dots_per_metre == pytest.approx((12_000, 24_000))
    assert copy.millimetres == pytest.approx((4, 4 / 3))


def test_a_smaller_working_copy_measures_the_same() -> None:
    small = working_copy(phys(12_000, 24_000), long_side=24)
    assert small.width == 24
    assert small.millimetres == pytest.approx((4, 4 / 3))
    assert working_copy(encoded(flat())).millimetres is None


@pytest.mark.parametrize(("orientation", "quarter_turns", "is_turned"), [(6, 0, True), (1, 1, True), (6, 1, False)])
def test_what_it_measures_is_turned_along(orientation: int, quarter_turns: int, is_turned: bool) -> None:
    data = resolution(Fraction(254), Fraction(508), 2, orientation)
    copy = working_copy(encoded(flat(size=WIDE), "JPEG", exif=b"Exif\0\0" + data), quarter_turns=quarter_turns)
    assert copy.millimetres == pytest.approx((1.6, 4.8) if is_turned else (4.8, 1.6))
    assert copy.dots_per_metre == pytest.approx((20_000, 10_000) if is_turned else (10_000, 20_000))


# Gain maps for HDR displays


def test_a_jpeg_with_a_gain_map_gives_its_own_picture() -> None:
    packet = (
        b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0">'
        b"<Container:Directory/></rdf:Description>"
    )
    gains = encoded(Image.new("L", (8, 8), 255), "JPEG", xmp=b"hdrgm:GainMapMax")
    data = encoded(flat(), "JPEG", quality=95, xmp=packet) + gains
    assert_colour(upright(data), ORANGE, within=2)
    mpo = encoded(flat(), "MPO", save_all=True, append_images=[Image.new("L", (8, 8), 255)], quality=95, xmp=packet)
    assert_colour(upright(mpo), ORANGE, within=2)


# Animated PNGs whose default image is no frame of the animation


def animated(
    frame: Pixels, offset: tuple[int, int] = (0, 0), *, colour_type: int = 2, extra: bytes = b"", late: bool = True
) -> bytes:
    """A file with a blue default image of 6 x 4 pixels, whose animation begins with a frame."""
    control = struct.pack(">5I2H2B", 0, frame.shape[1], frame.shape[0], *offset, 1, 1, 0, 0)
    picture = zlib.compress(b"".join(b"\0" + row.tobytes() for row in frame))
    half = len(picture) // 2
    frames = png_chunk(b"fcTL", control)
    frames += png_chunk(b"fdAT", struct.pack(">I", 1) + picture[:half])
    frames += png_chunk(b"fdAT", struct.pack(">I", 2) + picture[half:])
    frames += png_chunk(b"fcTL", struct.pack(">I", 3) + control[4:]) + png_chunk(b"fdAT", bytes(8))
    blue = [bytes(6 if colour_type == 3 else [0, 0, 255] * 6)] * 4
    still = raw_png((6, 4), 8, colour_type, blue, png_chunk(b"acTL", struct.pack(">II", 2, 0)) * late + extra)
    return still[:-12] + frames + still[-12:]


def test_the_first_frame_of_an_animation_is_shown_and_not_the_default_image() -> None:
    frame = np.full((4, 6, 3), ORANGE, np.uint8)
    assert_colour(upright(animated(frame)), ORANGE)
    assert_colour(decode(working_copy(animated(frame)).jpeg), ORANGE, within=2)


def test_a_frame_that_does_not_fill_the_canvas_is_in_its_place_on_white() -> None:
    pixels = upright(animated(np.full((2, 3, 3), ORANGE, np.uint8), (2, 1)))
    expected = np.full((4, 6, 3), 255)
    expected[1:3, 2:5] = ORANGE
    assert pixels.tolist() == expected.tolist()


def test_a_frame_has_the_palette_of_its_file() -> None:
    palette = png_chunk(b"PLTE", bytes([0, 0, 255, *ORANGE])) + png_chunk(b"tRNS", b"\xff\xff")
    assert_colour(upright(animated(np.ones((4, 6), np.uint8), colour_type=3, extra=palette)), ORANGE)


@pytest.mark.parametrize("offset", [(1, 0), (0, 4), (2**31, 2**31)])
def test_a_frame_beyond_the_canvas_gives_way_to_the_default_image(offset: tuple[int, int]) -> None:
    assert_colour(upright(animated(np.full((4, 6, 3), ORANGE, np.uint8), offset)), (0, 0, 255))


def test_without_the_chunk_that_says_so_it_is_no_animation() -> None:
    assert_colour(upright(animated(np.full((4, 6, 3), ORANGE, np.uint8), late=False)), (0, 0, 255))


def test_a_frame_that_holds_less_than_it_says_is_incomplete() -> None:
    data = animated(np.full((4, 6, 3), ORANGE, np.uint8))
    second = data.index(b"fdAT", data.index(b"fdAT") + 4) - 4
    assert "incomplete" in sentence(data[:second] + data[data.index(b"fcTL", second) - 4 :])
