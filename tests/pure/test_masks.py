"""Boxes and bit masks of regions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from selector.rendering.masks import MASK_SIDE, mask_bits, mask_box, mask_from_bits, region_mask
from tests.pure.small_photo import LABELS, NOTHING, only


def test_the_box_of_a_mask_ends_after_its_last_pixel() -> None:
    assert mask_box(region_mask(LABELS, only(1))) == (3, 0, 5, 2)
    assert mask_box(region_mask(LABELS, only(2))) == (0, 3, 5, 4)
    assert mask_box(np.ones((4, 5), bool)) == (0, 0, 5, 4)
    assert mask_box(region_mask(LABELS, NOTHING)) is None


def test_mask_bits_are_the_region_stretched_to_a_square() -> None:
    labels = np.array([[0, 1], [0, 0]], np.uint16)
    bits = mask_bits(labels, np.array([True, False]))
    mask = mask_from_bits(bits)
    assert len(bits) == 512
    assert mask.shape == (MASK_SIDE, MASK_SIDE)
    assert not mask[:32, 32:].any()
    assert mask[:, :32].all()
    assert mask[32:].all()


def test_mask_bits_follow_the_majority_of_each_cell() -> None:
    labels = np.zeros((16, 16), np.uint16)
    labels[:, 7:] = 1  # one column more than the left half of two cells has
    right = mask_from_bits(mask_bits(labels, np.array([False, True]), side=8), side=8)
    assert right.astype(int)[0].tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert np.all(right == right[0])


def test_mask_bits_of_a_thin_region_are_never_empty() -> None:
    labels = np.zeros((700, 1024), np.uint16)
    labels[123, 456:459] = 1
    mask = mask_from_bits(mask_bits(labels, np.array([False, True])))
    assert np.argwhere(mask).tolist() == [[123 * 64 // 700, 456 * 64 // 1024]]


def test_mask_bits_of_nothing_are_empty() -> None:
    assert mask_bits(LABELS, NOTHING) == bytes(512)


def test_mask_bits_agree_with_the_average_over_all_pixels() -> None:
    rows, columns = np.mgrid[:300, :500]
    labels = (np.hypot(rows - 150, columns - 200) < 90).astype(np.uint16)
    mask = mask_from_bits(mask_bits(labels, np.array([False, True])))
    image = Image.fromarray(labels.astype(np.uint8) * 255)
    averages = np.asarray(image.resize((64, 64), Image.Resampling.BOX))
    assert np.all(mask[averages > 160])
    assert not np.any(mask[averages < 96])


def test_bits_of_a_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        mask_from_bits(bytes(511))
