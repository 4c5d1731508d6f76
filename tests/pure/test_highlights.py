"""Regions over thumbnails, compared pixel by pixel with arrays a reader can check by eye."""

from __future__ import annotations

import numpy as np

from selector.rendering.highlights import VEIL_ALPHA, highlight_png, portion_highlight_png
from selector.rendering.layers import LIGHT_ALPHA
from tests.pure.images import decoded
from tests.pure.small_photo import LABELS, indices


def test_a_highlight_veils_what_lies_outside_and_lines_the_region() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:32, 32:] = True
    png = highlight_png(np.packbits(mask).tobytes(), 16, 8)
    expected = np.zeros((8, 16), int)
    expected[:4, 8:] = 1
    expected[:4, 8] = expected[3, 8:] = 2
    assert indices(png) == expected.tolist()
    rgba = decoded(png, "RGBA")
    assert rgba[7, 0].tolist() == [0, 0, 0, VEIL_ALPHA]
    assert rgba[0, 15, 3] == 0
    assert rgba[0, 8].tolist() == [255, 255, 255, LIGHT_ALPHA]


def test_a_highlight_of_the_whole_image_is_clear() -> None:
    assert np.all(np.array(indices(highlight_png(b"\xff" * 512, 30, 20))) == 1)


def test_a_portion_over_its_thumbnail_is_veiled_and_lined_alike() -> None:
    selected = np.array([False, True, False])
    assert indices(portion_highlight_png(LABELS, selected, 5, 4)) == [
        [0, 0, 0, 2, 1],
        [0, 0, 0, 2, 2],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    half = indices(portion_highlight_png(LABELS.repeat(2, 0).repeat(2, 1), selected, 5, 4))
    assert half == indices(portion_highlight_png(LABELS, selected, 5, 4))
