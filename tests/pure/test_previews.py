"""The selected portion as a picture of its own, compared pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from selector.rendering.masks import region_mask
from selector.rendering.previews import preview_png
from tests.pure.images import decoded
from tests.pure.small_photo import LABELS, NOTHING, PHOTO, only


def test_a_preview_shows_the_selection_on_white() -> None:
    expected = np.full((4, 5, 3), 255, np.uint8)
    expected[:2, 3:] = PHOTO[:2, 3:]
    assert np.array_equal(decoded(preview_png(PHOTO, LABELS, only(1)), "RGB"), expected)


def test_a_transparent_preview_hides_nothing_under_its_clear_pixels() -> None:
    rgba = decoded(preview_png(PHOTO, LABELS, only(1), background="transparent"), "RGBA")
    assert np.array_equal(rgba[:2, 3:, :3], PHOTO[:2, 3:])
    assert np.array_equal(rgba[..., 3] == 255, region_mask(LABELS, only(1)))
    assert not rgba[~region_mask(LABELS, only(1))].any()


def test_a_dimmed_preview_keeps_the_rest_in_the_dark() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(2), background="dimmed"), "RGB")
    assert np.array_equal(rgb[3], PHOTO[3])
    assert np.array_equal(rgb[:3], PHOTO[:3] // 4)


def test_a_cropped_preview_is_the_bounding_box() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(1), crop=True), "RGB")
    assert np.array_equal(rgb, PHOTO[:2, 3:])


def test_padding_ends_at_the_edges_of_the_photo() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(1), crop=True, padding=0.5), "RGB")
    assert rgb.shape == (3, 3, 3)
    assert np.array_equal(rgb[:2, 1:], PHOTO[:2, 3:])
    assert np.all(rgb[2] == 255)
    assert np.all(rgb[:, 0] == 255)


def test_padding_is_a_share_of_the_longer_side() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, only(2), crop=True, padding=0.4), "RGB")
    assert rgb.shape == (3, 5, 3)


def test_a_cropped_preview_of_nothing_is_the_empty_photo() -> None:
    rgb = decoded(preview_png(PHOTO, LABELS, NOTHING, crop=True), "RGB")
    assert rgb.shape == PHOTO.shape
    assert np.all(rgb == 255)


def test_a_preview_can_be_shrunk_and_is_never_enlarged() -> None:
    labels = np.zeros((40, 80), np.uint16)
    photo = np.full((40, 80, 3), 77, np.uint8)
    small = decoded(preview_png(photo, labels, np.array([True]), long_side=20), "RGB")
    assert small.shape == (10, 20, 3)
    assert np.all(small == 77)
    assert decoded(preview_png(PHOTO, LABELS, only(1), long_side=20), "RGB").shape == PHOTO.shape


def test_shrinking_does_not_darken_the_edges_of_a_transparent_preview() -> None:
    labels = (np.arange(64) >= 27).astype(np.uint16)[None].repeat(64, axis=0)
    photo = np.full((64, 64, 3), 200, np.uint8)
    png = preview_png(photo, labels, np.array([True, False]), background="transparent", long_side=16)
    rgba = decoded(png, "RGBA")
    assert 0 < rgba[8, 6, 3] < 255
    assert abs(int(rgba[8, 6, 0]) - 200) <= 2


def test_a_preview_of_another_photo_or_background_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        preview_png(PHOTO[:3], LABELS, NOTHING)
    unknown: Any = "pink"
    with pytest.raises(ValueError, match="background"):
        preview_png(PHOTO, LABELS, NOTHING, background=unknown)
