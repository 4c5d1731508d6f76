"""JPEG XL: what the first bits say, checked before a decoder runs, and the picture right way up and in its colours."""

from __future__ import annotations

import datetime
import sys

import numpy as np
import pillow_jxl
import pytest
from PIL import Image

from selector.imaging.containers import read_container
from selector.imaging.containers.boxes import box
from selector.imaging.containers.jxl import ANIMATION, TOO_MANY_CHANNELS
from selector.imaging.imagefile import date_taken
from tests.pure.images import encoded, exif
from tests.pure.uploads import ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"


def jxl(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "JXL", **{"effort": 1, **options})


class Bits:
    """Numbers written one after the other, the lowest bit first."""

    def __init__(self) -> None:
        self._number, self._length = 0, 0

    def add(self, value: int, n: int) -> Bits:
        self._number |= value << self._length
        self._length += n
        return self

    def side(self, value: int) -> Bits:
        return self.add(3, 2).add(value - 1, 30)

    def file(self) -> bytes:
        return b"\xff\x0a" + self._number.to_bytes(-(-self._length // 8), "little")


def sized(width: int, height: int) -> Bits:
    """The beginning of a picture of this size."""
    return Bits().add(0, 1).side(height).add(0, 3).side(width)


def header(size: tuple[int, int], orientation: int = 1) -> bytes:
    """All that comes before the frame of a lossy picture, which says no more than this."""
    if orientation == 1:
        return sized(*size).add(1, 1).add(1, 1).file()
    bits = sized(*size).add(0, 1).add(1, 1).add(orientation - 1, 3).add(0, 3)  # nothing else in the same place
    bits.add(0, 1).add(0, 2).add(1, 1).add(0, 2)  # integers of 8 bits, no extra channels
    return bits.add(1, 1).add(1, 1).add(1, 1).add(0, 2).add(1, 1).file()  # lossy, sRGB, no extensions


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_decoder_turns_a_picture_and_nobody_again(orientation: int) -> None:
    stored = Image.new("RGB", (64, 48), (20, 60, 200))
    stored.paste(ORANGE, (0, 0, 32, 24))
    plain = jxl(stored)
    # Two bytes say the size and that all else is as usual; then comes the frame.
    data = header(stored.size, orientation) + plain[4:]
    shown = upright(data)
    assert shown.shape[:2] == read_container(data).size[::-1]
    expected = upright(encoded(stored, exif=exif(orientation)))
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 6


@pytest.mark.parametrize(
    "size", [(8, 8), (64, 48), (48, 64), (200, 200), (160, 90), (333, 100), (1203, 17), (300, 8_200)]
)
def test_the_size_is_known_as_the_decoder_knows_it(size: tuple[int, int]) -> None:
    data = jxl(flat(size=size), lossless=True)
    container = read_container(data)
    assert container.size == size == decoded_size(data)


def decoded_size(data: bytes) -> tuple[int, int]:
    _, info, *_ = pillow_jxl.Decoder(num_threads=0)(data)
    return info.width, info.height


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [True, False])
def test_every_mode_is_taken(mode: str, lossless: bool) -> None:
    image = flat().convert(mode)
    expected = np.asarray(image.convert("RGB"))[0, 0]
    assert_colour(upright(jxl(image, lossless=lossless)), tuple(expected), within=3)


def test_what_is_transparent_is_on_white() -> None:
    image = Image.new("RGBA", (16, 16), (*ORANGE, 0))
    assert_colour(upright(jxl(image, lossless=True)), (255, 255, 255))


def test_grey_of_16_bits_and_of_floating_point_is_taken() -> None:
    """As linear light, which is how the package writes it."""
    levels = Image.fromarray(np.full((16, 16), 90 * 257, np.uint16))
    container = read_container(jxl(levels, lossless=True))
    assert container.bit_depth == 16
    assert_colour(upright(jxl(levels, lossless=True)), (160, 160, 160), within=2)
    light = Image.fromarray(np.full((16, 16), 90 / 255, np.float32))
    assert read_container(jxl(light, lossless=True)).bit_depth == 32
    assert_colour(upright(jxl(light, lossless=True)), (160, 160, 160), within=2)


def test_a_large_picture_is_reduced_in_bands() -> None:
    image = flat(size=(1203, 1501))
    image.paste((20, 60, 200), (0, 700, 1203, 1501))
    shown = np.asarray(image)
    assert np.abs(upright(jxl(image, lossless=True)).astype(int) - shown).max() <= 1
    copy = working_copy(jxl(image, lossless=True), long_side=150)
    assert (copy.width, copy.height) == (120, 150)


def test_the_boxes_around_a_picture_do_not_reach_the_decoder() -> None:
    codestream = jxl(flat())
    parts = box(b"jxlp", bytes(4), codestream[:20]) + box(b"jxlp", b"\x80\0\0\1", codestream[20:])
    metadata = box(b"Exif", bytes(4), exif(6)) + box(b"xml ", b"<x:xmpmeta/>") + box(b"brob", b"Exif", bytes(9))
    data = SIGNATURE + box(b"ftyp", b"jxl \0\0\0\0jxl ") + metadata + parts
    container = read_container(data)
    assert container.stream == codestream
    assert container.exif == exif(6)
    assert container.orientation == 1, "the picture's own first bits say how it is turned"
    assert working_copy(data).jpeg == working_copy(codestream).jpeg
    assert container.mime == "image/jxl"


def test_the_day_is_read_from_exif() -> None:
    made = Image.Exif()
    made[0x0132] = "2024:05:01 12:30:00"
    assert date_taken(jxl(flat(), exif=made.tobytes())) == datetime.date(2024, 5, 1)


# What is refused


def test_the_size_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    data = header((10_000, 6_000))
    assert sentence(data) == "The picture has 60.0 megapixels; at most 40.0 are allowed."


def test_a_large_picture_without_loss_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selector.imaging.decoders._DECODERS", {})
    bits = sized(6_000, 4_000).add(0, 1).add(0, 1).add(0, 1).add(0, 2).add(1, 1).add(0, 2).add(0, 1)
    said = "This JPEG XL picture has 24.0 megapixels; at most 20.0 are allowed in this format."
    assert sentence(bits.file()) == said


def test_a_jpeg_that_became_a_jpeg_xl_is_none_without_loss() -> None:
    bits = sized(6_000, 4_000).add(0, 1).add(0, 1).add(0, 1).add(0, 2).add(1, 1).add(0, 2).add(0, 1)
    plain = SIGNATURE + box(b"jxlc", bits.file())
    limit = read_container(plain).most_pixels
    assert limit is not None and (read_container(plain + box(b"jbrd", bytes(9))).most_pixels or 0) > limit


def test_an_animation_is_named() -> None:
    bits = sized(64, 48).add(0, 1).add(1, 1).add(0, 3).add(0, 1).add(0, 1).add(1, 1)
    assert sentence(bits.file()) == ANIMATION


def test_many_channels_are_refused() -> None:
    bits = sized(64, 48).add(0, 1).add(0, 1).add(0, 1).add(0, 2).add(1, 1).add(3, 2).add(4_000, 12)
    assert sentence(bits.file()) == TOO_MANY_CHANNELS


def test_channels_with_names_and_kinds_are_passed_over() -> None:
    """A spot colour of a name of 20 letters, a colour filter, and depth; then comes what says that it is lossless."""
    bits = sized(64, 48).add(0, 1).add(0, 1).add(0, 1).add(0, 2).add(1, 1).add(2, 2).add(1, 4)
    bits.add(0, 1).add(2, 2).add(0, 4).add(0, 1).add(0, 2).add(0, 2).add(2, 2).add(4, 5).add(0, 160).add(0, 64)
    bits.add(0, 1).add(2, 2).add(3, 4).add(0, 1).add(0, 2).add(0, 2).add(0, 2).add(1, 2).add(3, 2)
    bits.add(0, 1).add(1, 2).add(0, 1).add(0, 2).add(0, 2).add(0, 2)
    assert read_container(bits.add(0, 1).file()).most_pixels == 300_000_000 // 30


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_file_is_refused(share: float) -> None:
    data = jxl(photo())
    assert sentence(data[: int(share * len(data))])
    assert "incomplete" in sentence(data[:3])
    assert "incomplete" in sentence(SIGNATURE)


def test_without_its_package_the_format_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jxl(flat())
    monkeypatch.setitem(sys.modules, "pillow_jxl", None)
    said = "This is a JPEG XL picture, which cannot be read here: save it as JPEG or PNG and upload that. Whoever"
    assert sentence(data).startswith(said) and "more-formats" in sentence(data)
