"""Working copies: upright, sRGB, at most so large, and always the same."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from selector.imaging.imagefile import InvalidImage, decode
from tests.pure.images import SRGB, encoded, exif, rgb_profile
from tests.pure.uploads import ORANGE, assert_colour, flat, jpeg_markers, photo, working_copy


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
    assert isinstance(image, JpegImageFile) and isinstance(reference, JpegImageFile)
    assert image.quantization == reference.quantization


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


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_a_working_copy_carries_no_metadata(fmt: str) -> None:
    data = encoded(flat(), fmt, exif=b"Exif\0\0" + exif(1), icc_profile=rgb_profile(SRGB), dpi=(72, 72))
    info = Image.open(io.BytesIO(working_copy(data).jpeg)).info
    assert all(str(name).startswith("jfif") for name in info)
