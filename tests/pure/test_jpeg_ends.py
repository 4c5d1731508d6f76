"""JPEG files that end early, or are of a kind that few programs write: complete is complete, and others are named."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any

import pytest
from PIL import Image

from selector.imaging.containers.jpeg import MAX_BUFFERED_BYTES
from selector.imaging.imagefile import decode, make_working_copy
from tests.pure.images import DISPLAY_P3, encoded, exif, rgb_profile
from tests.pure.uploads import ORANGE, assert_colour, flat, photo, sentence, upright, working_copy

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "without subsampling": {"subsampling": 0},
    "with restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
}


def smooth(size: tuple[int, int] = (400, 300)) -> Image.Image:
    return Image.effect_mandelbrot(size, (-3, -2.5, 2, 2.5), 60).convert("RGB")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_its_end_marker_a_jpeg_is_complete(kind: str, mode: str) -> None:
    data = encoded(smooth().convert(mode), "JPEG", **KINDS[kind])
    assert working_copy(data[:-2]).jpeg == working_copy(data).jpeg
    assert working_copy(data[:-1]).jpeg == working_copy(data).jpeg
    assert (upright(data[:-2]) == upright(data)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_last_rows_a_jpeg_is_not(kind: str) -> None:
    data = encoded(smooth(), "JPEG", **KINDS[kind])
    for cut in (10, 100, 1_000):
        assert re.fullmatch(r"The file ends after \d\d% of the picture\.", sentence(data[:-cut]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
@pytest.mark.parametrize("share", [0.3, 0.62, 0.9])
def test_the_sentence_tells_how_much_is_there(kind: str, share: float) -> None:
    data = encoded(photo((160, 800)), "JPEG", **KINDS[kind])
    start = data.index(b"\xff\xda")
    said = re.search(r"after (\d+)%", sentence(data[: start + int(share * (len(data) - start))]))
    assert said and abs(int(said[1]) - 100 * share) < 4


def test_a_progressive_jpeg_is_there_more_and_more() -> None:
    data = encoded(smooth(), "JPEG", progressive=True)
    said = [sentence(data[: len(data) * tenths // 10]) for tenths in range(2, 10)]
    shares = [int(found[1]) for text in said if (found := re.search(r"after (\d+)%", text))]
    assert len(shares) == 8 and shares == sorted(shares)
    assert shares[0] < 20 and shares[-1] > 80


def test_a_jpeg_that_ends_before_its_picture_begins_is_incomplete() -> None:
    data = encoded(photo(), "JPEG", exif=b"Exif\0\0" + exif(6), icc_profile=rgb_profile(DISPLAY_P3))
    assert sentence(data[:300]) == "The file is incomplete: it ends before the picture does."


def test_a_flat_picture_counts_as_any_other() -> None:
    data = encoded(flat((0, 0, 0), (200, 400)), "JPEG")
    assert working_copy(data[:-2]).width == 200
    assert "ends after" in sentence(data[: len(data) - 40])


# Of 16 x 16 pixels, a slope of grey, by `cjpeg -arithmetic`: Pillow cannot write it.
ARITHMETIC = base64.b64decode(
    "/9j/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgy"
    "IRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/yQARCAAQABADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oA"
    "DAMBAAIRAxEAPwD/AIi2c/YaAKxyl/vE/o87VP/Z"
)


def test_arithmetic_coding_is_read() -> None:
    column = upright(ARITHMETIC)[:, 0, 0].astype(int)
    assert column[0] < 20 and column[-1] > 235 and (column[1:] >= column[:-1]).all()
    assert working_copy(ARITHMETIC[:-2]).width == 16


OTHERS = [
    (b"\xff\xc0", b"\xff\xc3", "lossless JPEG"),
    (b"\xff\xc0", b"\xff\xcb", "lossless JPEG"),
    (b"\xff\xc0", b"\xff\xc5", "hierarchical JPEG"),
    (b"\xff\xc0", b"\xff\xde", "hierarchical JPEG"),
    (b"\xff\xc0", b"\xff\xf7", "JPEG-LS"),
    (b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", "12 bits a channel"),
    (b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x10", "16 bits a channel"),
]


@pytest.mark.parametrize(("marker", "other", "named"), OTHERS)
def test_intact_jpegs_that_cannot_be_read_are_named(marker: bytes, other: bytes, named: str) -> None:
    data = encoded(flat(), "JPEG")
    assert marker in data
    said = sentence(data.replace(marker, other, 1))
    assert named in said and "damaged" not in said
    assert said.endswith("save it as an ordinary JPEG, or as PNG, and upload that.")


def header_of(size: tuple[int, int], marker: int, n_components: int) -> bytes:
    """A JPEG of two scans with nothing in them."""
    components = b"".join(bytes([number, 0x11, 0]) for number in range(1, n_components + 1))
    frame = struct.pack(">BHHB", 8, size[1], size[0], n_components) + components
    scan = bytes([n_components, *(byte for number in range(1, n_components + 1) for byte in (number, 0)), 0, 0, 1])
    segments = [(marker, frame), (0xDA, scan), (0xDA, scan)]
    packed = [struct.pack(">BBH", 255, kind, len(content) + 2) + content for kind, content in segments]
    return b"\xff\xd8" + b"".join(packed) + b"\xff\xd9"


def test_a_jpeg_in_passes_is_limited_by_what_its_decoder_keeps() -> None:
    """Two bytes for each of four channels of 40 megapixels are too many."""
    assert 2 * 4 * 40_000_000 > MAX_BUFFERED_BYTES > 2 * 3 * 40_000_000
    assert "not progressive" in sentence(header_of((8_000, 5_000), 0xC2, 4))


def test_a_plain_jpeg_may_be_larger_than_others() -> None:
    limits = {"max_bytes": 2**20, "max_pixels": 1_000, "max_large_pixels": 3_072}
    assert decode(make_working_copy(encoded(photo(), "JPEG"), **limits).jpeg).shape == (48, 64, 3)
    for data in (encoded(photo(), "JPEG", progressive=True), encoded(photo())):
        with pytest.raises(ValueError, match=r"at most 0\.001.* are allowed, or 0\.0 in a plain JPEG"):
            make_working_copy(data, **limits)


def test_an_upright_picture_lies_in_a_file_when_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {mode: encoded(photo().convert(mode), "JPEG") for mode in ("L", "RGB", "CMYK")}
    pixels = {mode: upright(data) for mode, data in plain.items()}
    monkeypatch.setattr("selector.imaging.decoders.MAPPED_PIXELS", 1)
    for mode, data in plain.items():
        assert (upright(data) == pixels[mode]).all()
    assert_colour(upright(encoded(flat(), "TIFF")), ORANGE)
