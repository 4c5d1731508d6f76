"""Areas, mean colours and neighbours of superpixels and regions."""

from __future__ import annotations

import numpy as np
import pytest

from selector.segmentation.slic import segment
from selector.segmentation.superpixels import area_share, mean_colours, neighbours, superpixel_areas
from tests.pure.scenes import scene
from tests.pure.six_superpixels import EACH_ALONE, LABELS, LEFT_MIDDLE_RIGHT, flags


def test_the_share_of_the_area_counts_pixels() -> None:
    areas = superpixel_areas(np.array([[0, 0, 0, 1]], np.uint16), 3)
    assert areas.tolist() == [3, 1, 0]
    assert area_share(flags(0, n=3), areas) == 0.75


def test_neighbours_share_a_border_and_not_only_a_corner() -> None:
    assert neighbours(LABELS, LEFT_MIDDLE_RIGHT).tolist() == [[0, 1], [1, 2]]
    assert neighbours(LABELS[:, 2:4], EACH_ALONE).tolist() == [[1, 4]]
    assert [0, 4] not in neighbours(LABELS, EACH_ALONE).tolist()
    assert neighbours(LABELS, np.zeros(6, np.uint16)).tolist() == []


def test_mean_colours_agree_with_scikit_image() -> None:
    from skimage.color import rgb2lab

    rgb = scene(60, 90)
    labels = segment(rgb, 50)
    means = mean_colours(rgb, labels, int(labels.max()) + 1)
    exact = [rgb2lab(rgb)[labels == superpixel].mean(axis=0) for superpixel in range(len(means))]
    assert means.shape == (int(labels.max()) + 1, 3)
    assert np.abs(means - exact).max() < 0.25


def test_mean_colours_of_another_photo_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        mean_colours(scene(2, 5), LABELS, 6)
