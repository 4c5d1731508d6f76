"""What the site makes of an uploaded file: its working copy, its pixels, or the sentence that refuses it."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from PIL import Image

from selector.imaging.imagefile import InvalidImage, WorkingCopy, make_working_copy
from selector.imaging.upright_picture import UprightPicture
from tests.pure.images import Pixels

MEGABYTE = 2**20
ORANGE = (200, 100, 50)


def working_copy(
    data: bytes, *, long_side: int = 1024, quarter_turns: int = 0, max_pixels: int = 40_000_000
) -> WorkingCopy:
    """The working copy of a file, within limits that no test exceeds by chance."""
    return make_working_copy(
        data,
        max_bytes=20 * MEGABYTE,
        max_pixels=max_pixels,
        long_side=long_side,
        quarter_turns=quarter_turns,
    )


def upright(data: bytes) -> Pixels:
    """The pixels of a file, upright."""
    picture = UprightPicture(data, max_bytes=20 * MEGABYTE, max_pixels=40_000_000)
    return picture.pixels((0, 0, *picture.size))


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
    """A picture of one colour."""
    return Image.new("RGB", size, colour)


def photo(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture with texture, so that a part of its file is not enough to show all of it."""
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(noise)


def assert_colour(pixels: Pixels, colour: tuple[float, ...], within: int = 1) -> None:
    """All pixels have a colour, but for a small difference."""
    difference = np.abs(pixels.astype(int) - np.asarray(colour))
    assert difference.max() <= within, pixels.reshape(-1, 3)[0]


def jpeg_markers(data: bytes) -> list[int]:
    """The markers of a JPEG up to its first scan."""
    markers, position = [], 2
    while data[position + 1] != 0xDA:
        markers.append(data[position + 1])
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return markers


def hang(**limits: int) -> None:
    """A decoder that never returns, and takes no processor time."""
    time.sleep(60)
