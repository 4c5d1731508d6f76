"""Layers of the stage, compared pixel by pixel with arrays a reader can check by eye."""

from __future__ import annotations

import numpy as np

from selector.rendering.layers import DARK_ALPHA, LIGHT_ALPHA, REST_ALPHA, REST_GREY, outline_png, rest_png, tint_png
from tests.pure.images import decoded
from tests.pure.small_photo import BLUE, CUT, LABELS, NOTHING, indices, only


def test_an_outline_is_a_light_line_with_a_dark_one_beside_it() -> None:
    assert indices(outline_png(LABELS, CUT)) == [
        [0, 0, 1, 2, 0],
        [0, 0, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [2, 2, 2, 2, 2],
    ]


def test_an_outline_follows_the_cut_and_not_the_superpixels() -> None:
    assert indices(outline_png(LABELS, np.array([0, 0, 1], np.uint16))) == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1],
        [2, 2, 2, 2, 2],
    ]
    assert not np.any(indices(outline_png(LABELS, np.zeros(3, np.uint16))))


def test_an_outline_is_clear_white_and_black() -> None:
    rgba = decoded(outline_png(LABELS, CUT), "RGBA")
    assert rgba[0, 0, 3] == 0
    assert rgba[0, 2].tolist() == [255, 255, 255, LIGHT_ALPHA]
    assert rgba[0, 3].tolist() == [0, 0, 0, DARK_ALPHA]


def test_a_tint_colours_the_selected_superpixels_and_is_clear_elsewhere() -> None:
    png = tint_png(LABELS, only(1), BLUE)
    assert indices(png) == [
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    rgba = decoded(png, "RGBA")
    assert rgba[0, 4].tolist() == [*BLUE, 255]
    assert rgba[0, 0, 3] == 0


def test_a_striped_tint_shows_diagonal_bands_of_four_pixels() -> None:
    labels = np.zeros((10, 12), np.uint16)
    labels[:, 10:] = 1
    png = tint_png(labels, np.array([True, False]), BLUE, striped=True)
    expected = [[int((x + y) % 8 < 4 and x < 10) for x in range(12)] for y in range(10)]
    assert indices(png) == expected


def test_a_tint_of_one_pixel_is_a_png_too() -> None:
    assert indices(tint_png(np.zeros((1, 1), np.uint16), np.array([True]), BLUE)) == [[1]]
    assert indices(outline_png(np.zeros((1, 1), np.uint16), np.zeros(1, np.uint16))) == [[0]]


def test_the_rest_is_grey_around_a_light_and_a_dark_line() -> None:
    labels = np.zeros((6, 9), np.uint16)
    labels[:2, 3:5] = 1
    png = rest_png(labels, np.array([False, True]), np.zeros(2, bool))
    assert indices(png) == [
        [1, 3, 2, 0, 0, 2, 3, 1, 1],
        [1, 3, 2, 0, 0, 2, 3, 1, 1],
        [1, 3, 2, 2, 2, 2, 3, 1, 1],
        [1, 3, 3, 3, 3, 3, 3, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]
    rgba = decoded(png, "RGBA")
    assert rgba[5, 8].tolist() == [*REST_GREY, REST_ALPHA]
    assert rgba[0, 3, 3] == 0


def test_with_nothing_included_there_is_no_rest_to_dim() -> None:
    assert not np.any(indices(rest_png(LABELS, NOTHING, NOTHING)))
    assert np.array_equal(indices(rest_png(LABELS, NOTHING, only(2))), LABELS == 2)


def test_the_line_around_a_selection_grows_with_the_photo() -> None:
    labels = np.zeros((1, 1024), np.uint16)
    labels[:, 500:] = 1
    row = indices(rest_png(labels, np.array([False, True]), np.zeros(2, bool)))[0]
    assert row[495:502] == [1, 1, 3, 2, 2, 0, 0]
