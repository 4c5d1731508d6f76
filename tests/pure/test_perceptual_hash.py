"""Perceptual hashes: a copy that was saved again or resized is known, any other picture is another."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage
from PIL import Image

from gallery.index.perceptual_hash import MOST_BITS, alike, folded, perceptual_hash
from tests.pure.scenes import scene

Pixels = npt.NDArray[np.uint8]


def saved_again(pixels: Pixels, *, quality: int = 60, scale: float = 1.0) -> Pixels:
    image = Image.fromarray(pixels)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out).convert("RGB"))


def are_copies(one: Pixels, other: Pixels) -> bool:
    return bool(alike([perceptual_hash(one), perceptual_hash(other)])[0, 1])


# A photograph: drawings repeat themselves, so that many of their waves are next to nothing.
PICTURE = np.asarray(Image.open(Path(skimage.__file__).parent / "data" / "chelsea.png").convert("RGB"))


@pytest.mark.parametrize(("quality", "scale"), [(40, 1.0), (85, 1.0), (60, 0.5), (75, 0.6)])
def test_a_picture_saved_again_is_a_copy(quality: int, scale: float) -> None:
    assert are_copies(PICTURE, saved_again(PICTURE, quality=quality, scale=scale))


@pytest.mark.parametrize(
    "other",
    [PICTURE[:, ::-1], PICTURE[::-1], PICTURE[40:, 60:], 255 - PICTURE, PICTURE // 2, PICTURE[..., ::-1]],
    ids=["mirrored", "upside down", "cropped", "negative", "dimmed", "other colours"],
)
def test_a_changed_picture_is_no_copy(other: Pixels) -> None:
    assert not are_copies(PICTURE, np.ascontiguousarray(other))


def test_plain_pictures_of_two_colours_are_two_pictures() -> None:
    red, blue = (np.full((30, 40, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200)))
    assert are_copies(red, red) and not are_copies(red, blue)


def test_a_hash_fits_a_signed_column_of_64_bits() -> None:
    assert all(-(2**63) <= perceptual_hash(scene(seed=seed)) < 2**63 for seed in range(20))


def test_a_few_bits_of_structure_may_differ_and_no_more() -> None:
    few, more = ((1 << MOST_BITS) - 1) << 24, ((1 << (MOST_BITS + 1)) - 1) << 24
    assert alike([0, few, more]).tolist() == [[True, True, False], [True, True, True], [False, True, True]]


def test_copies_are_folded_under_the_first_of_them() -> None:
    one, other = 5 << 40, 77 << 50
    assert folded(np.array([one, other, one, one, other], object)).tolist() == [0, 1, 0, 0, 1]


def test_what_has_no_hash_yet_stands_for_itself() -> None:
    assert folded(np.array([None, 9, None, 9], object)).tolist() == [0, 1, 2, 1]
    assert folded(np.array([None, None], object)).tolist() == [0, 1]
    assert folded(np.array([], object)).tolist() == []


def test_a_copy_of_a_copy_is_not_folded_under_a_picture_it_does_not_look_like() -> None:
    first, second, third = 0, 0b11 << 24, 0b1111 << 24
    assert folded(np.array([first, second, third], object)).tolist() == [0, 0, 2]
