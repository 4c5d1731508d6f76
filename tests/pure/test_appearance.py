"""Histograms of colour and texture: additive, alike for like stuff wherever it lies, different for different stuff."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scenes import scene

from gallery.descriptors.appearance import (
    CONTEXT,
    DIMENSIONS,
    HISTOGRAMS,
    VERSION,
    WEIGHTS,
    hellinger_vectors,
    region_vectors,
    superpixel_features,
)
from selector.arrays import Floats, Labels

Pixels = npt.NDArray[np.uint8]

RED, BLUE, GREY = (200, 30, 40), (30, 60, 200), (128, 128, 128)


def flat(colour: tuple[int, int, int], side: int = 32) -> Pixels:
    return np.full((side, side, 3), colour, np.uint8)


def stripes(*, upright: bool, period: int = 8, side: int = 32) -> Pixels:
    """Grey stripes, as dark and as light as each other."""
    bright = np.arange(side) % period < period // 2
    row = np.where(bright, 200, 60).astype(np.uint8)
    plane = np.broadcast_to(row, (side, side)) if upright else np.broadcast_to(row[:, None], (side, side))
    return np.repeat(plane[:, :, None], 3, axis=2)


def noise(side: int = 64, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def grid(shape: tuple[int, ...], cell: int) -> Labels:
    """Square superpixels."""
    rows, columns = np.arange(shape[0]) // cell, np.arange(shape[1]) // cell
    labels: Labels = (rows[:, None] * (columns[-1] + 1) + columns).astype(np.uint16)
    return labels


def whole(rgb: Pixels) -> Floats:
    counts = superpixel_features(rgb, np.zeros(rgb.shape[:2], np.uint16))
    vector: Floats = region_vectors(counts, np.ones((1, 1), bool))[0]
    return vector


def likeness(one: Pixels, other: Pixels) -> float:
    return float(whole(one) @ whole(other))


@st.composite
def pictures(draw: st.DrawFn) -> Pixels:
    shape = (draw(st.integers(1, 40)), draw(st.integers(1, 40)), 3)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random.integers(0, draw(st.sampled_from([2, 40, 256])), shape).astype(np.uint8)


@given(pictures(), st.integers(1, 20))
def test_every_pixel_counts_once_in_each_histogram(rgb: Pixels, cell: int) -> None:
    labels = grid(rgb.shape[:2], cell)
    counts = superpixel_features(rgb, labels)
    assert counts.shape == (labels.max() + 1, DIMENSIONS)
    assert counts.min() >= 0
    areas = np.bincount(labels.ravel())
    for histogram, each in zip(np.split(counts, np.cumsum(HISTOGRAMS)[:-1], axis=1), (64, 1, 1, 1), strict=True):
        assert np.array_equal(histogram.sum(axis=1), each * areas)


@given(pictures(), st.integers(1, 20))
def test_a_region_is_described_alike_however_it_is_cut_into_superpixels(rgb: Pixels, cell: int) -> None:
    labels = grid(rgb.shape[:2], cell)
    counts = superpixel_features(rgb, labels)
    vector = region_vectors(counts, np.ones((1, len(counts)), bool))[0]
    assert np.allclose(vector, whole(rgb), atol=1e-6)
    assert np.isclose(np.linalg.norm(vector), 1)


def test_each_superpixel_counts_its_own_pixels_in_a_large_image_too() -> None:
    rgb = np.concatenate([flat(RED, 600), flat(BLUE, 600)], axis=1)
    labels = np.repeat([[0, 1]], 600, axis=0).repeat(600, axis=1).astype(np.uint16)
    left, right = region_vectors(superpixel_features(rgb, labels), np.eye(2, dtype=bool))
    assert left @ whole(flat(RED)) > left @ whole(flat(BLUE)) + 0.1
    assert right @ whole(flat(BLUE)) > right @ whole(flat(RED)) + 0.1


def test_superpixels_that_cross_the_pixels_of_the_smaller_image_share_them_out() -> None:
    labels = grid((1024, 1024), 3)
    counts = superpixel_features(noise(1024), labels)
    assert np.array_equal(counts[:, -HISTOGRAMS[-1] :].sum(axis=1), np.bincount(labels.ravel()))


def test_other_colours_look_different() -> None:
    assert likeness(flat(RED), flat((205, 35, 45))) > 0.95
    assert likeness(flat(RED), flat(BLUE)) < 0.86


def test_other_directions_look_different() -> None:
    upright, lying = stripes(upright=True), stripes(upright=False)
    assert likeness(upright, np.roll(upright, 3, axis=1)) > 0.97
    assert likeness(upright, lying) < 0.75


def test_a_fine_and_a_coarse_pattern_look_different() -> None:
    coarse = stripes(upright=True, period=16)
    assert likeness(coarse, stripes(upright=True, period=4)) < likeness(coarse, np.roll(coarse, 5, axis=1)) - 0.1


def test_a_patterned_and_a_plain_thing_of_one_colour_look_different() -> None:
    assert likeness(stripes(upright=True), flat(GREY)) < 0.6


def test_where_in_the_image_a_thing_is_does_not_matter() -> None:
    canvas = flat(GREY, 96)
    first, second = canvas.copy(), canvas.copy()
    first[8:40, 8:40] = second[50:82, 44:76] = noise(32)
    where = np.zeros((2, 96, 96), np.uint16)
    where[0, 8:40, 8:40] = where[1, 50:82, 44:76] = 1
    thing = np.array([[False, True]])
    one = region_vectors(superpixel_features(first, where[0]), thing)[0]
    other = region_vectors(superpixel_features(second, where[1]), thing)[0]
    assert one @ other > 0.999


def test_of_two_equal_things_the_one_in_equal_surroundings_is_more_alike() -> None:
    thing = np.zeros((96, 96), np.uint16)
    thing[32:64, 32:64] = 1
    photos = [np.where(thing[:, :, None] == 1, RED, ground).astype(np.uint8) for ground in (GREY, GREY, BLUE)]
    photos[1] = np.roll(photos[1], 1, axis=0)
    one, same, other = (
        region_vectors(superpixel_features(photo, thing), np.array([[False, True]]))[0] for photo in photos
    )
    assert one @ same > one @ other > 0.8


def test_a_photo_and_its_copy_of_half_the_size_look_alike() -> None:
    smooth = np.asarray(Image.fromarray(noise(64)).resize((1024, 1024), Image.Resampling.BICUBIC))
    half = np.asarray(Image.fromarray(smooth).resize((512, 512), Image.Resampling.BOX))
    assert likeness(smooth, half) > 0.97


def test_a_region_without_superpixels_has_a_zero_vector() -> None:
    counts = superpixel_features(flat(RED), grid((32, 32), 16))
    nothing, all_of_it = region_vectors(counts, [np.array([], np.intp), np.arange(4)])
    assert not nothing.any()
    assert np.allclose(all_of_it, hellinger_vectors(counts.sum(axis=0, keepdims=True))[0])


def test_arrays_that_may_not_be_written_to_are_read() -> None:
    rgb, labels = noise(40)[:, ::2], grid((40, 40), 8)[:, ::2]
    expected = superpixel_features(np.ascontiguousarray(rgb), np.ascontiguousarray(labels))
    rgb.flags.writeable = labels.flags.writeable = False
    assert np.array_equal(superpixel_features(rgb, labels), expected)


@pytest.mark.parametrize("shape", [(32, 31), (31, 32), (32, 32, 1)])
def test_labels_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        superpixel_features(flat(RED), np.zeros(shape, np.uint16))


def test_masks_over_another_number_of_superpixels_are_refused() -> None:
    counts = superpixel_features(flat(RED), grid((32, 32), 16))
    with pytest.raises(ValueError, match="4 superpixels"):
        region_vectors(counts, np.ones((1, 5), bool))


def test_vectors_fit_the_index_of_the_database() -> None:
    assert sum(HISTOGRAMS) == DIMENSIONS <= 512


def test_the_version_changes_whenever_vectors_do() -> None:
    """If this fails, raise `VERSION`: the vectors in people's databases are of the old one."""
    counts = superpixel_features(scene(), grid((120, 180), 12)).astype("<i4")
    assert hashlib.sha256(counts.tobytes()).hexdigest()[:16] == "495e43561df5cf1a"
    assert (VERSION, CONTEXT, WEIGHTS) == ("4", 0.5, (0.7, 1, 1, 2))
