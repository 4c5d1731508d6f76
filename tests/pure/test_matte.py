"""The soft edge of a selection: where the colours change, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from selector.rendering.matte import RADIUS, alpha_matte
from selector.rendering.previews import preview_png
from tests.pure.images import decoded

HEIGHT, WIDTH = 24, 40
LEFT = np.arange(WIDTH)[None].repeat(HEIGHT, axis=0) < 20
# A disc of another colour, with pixels along its border that are a mixture of both.
ROWS, COLUMNS = np.mgrid[:64, :64]
COVERED = np.clip(20.5 - np.hypot(ROWS - 32, COLUMNS - 32), 0, 1)
DISC = (COVERED[..., None] * [200, 60, 40] + (1 - COVERED[..., None]) * [30, 90, 160]).astype(np.uint8)


def flat(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), (red, green, blue), np.uint8)


def test_far_from_the_edge_nothing_changes() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    alpha = alpha_matte(rgb, LEFT)
    assert np.all(alpha[:, : 20 - RADIUS] == 255) and np.all(alpha[:, 20 + RADIUS :] == 0)


def test_all_or_nothing_has_no_edge() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    assert np.all(alpha_matte(rgb, np.ones((HEIGHT, WIDTH), bool)) == 255)
    assert np.all(alpha_matte(rgb, np.zeros((HEIGHT, WIDTH), bool)) == 0)


def test_an_edge_of_colours_stays_sharp_and_one_through_a_flat_colour_is_soft() -> None:
    rgb = np.where(LEFT[..., None], flat(250, 20, 20), flat(20, 20, 250))
    assert np.all(alpha_matte(rgb, LEFT)[:, [18, 21]] == [255, 0])
    soft = alpha_matte(flat(128, 128, 128), LEFT)[12]
    assert np.all(np.diff(soft.astype(int)) <= 0)
    assert np.count_nonzero((soft > 0) & (soft < 255)) >= 2


def test_the_matte_of_a_disc_comes_nearer_than_a_jagged_mask() -> None:
    """A mask in steps of four pixels, as superpixels may be, over a disc whose border is seen."""
    jagged = COVERED[::4, ::4].repeat(4, axis=0).repeat(4, axis=1) > 0.5
    assert error(alpha_matte(DISC, jagged) / 255) < 0.7 * error(jagged)


def error(alpha: np.ndarray) -> float:
    return float(np.abs(alpha - COVERED).mean())


def test_a_soft_preview_shows_the_matte() -> None:
    labels = (COVERED > 0.5).astype(np.uint16)
    rgba = decoded(preview_png(DISC, labels, np.array([False, True]), background="transparent", soft=True), "RGBA")
    assert np.array_equal(rgba[..., 3], alpha_matte(DISC, labels == 1))
    assert 0 < np.count_nonzero((rgba[..., 3] > 0) & (rgba[..., 3] < 255)) < 1000
    assert not rgba[rgba[..., 3] == 0].any()
    white = decoded(preview_png(DISC, labels, np.array([False, True]), soft=True), "RGB").astype(int)
    share = rgba[..., 3:] / 255
    assert np.abs(white - (share * DISC + (1 - share) * 255)).max() <= 0.51
    cropped = decoded(
        preview_png(DISC, labels, np.array([False, True]), background="transparent", crop=True, soft=True), "RGBA"
    )
    assert cropped[..., 3].sum() == rgba[..., 3].sum(), "no part of the soft edge is cut off"


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        alpha_matte(DISC, LEFT)
