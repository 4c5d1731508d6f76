"""Points and polygons on the pixel grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.selection.geometry import MAX_POINTS, Point, polygon_mask, superpixels_at, superpixels_under_line
from tests.pure.six_superpixels import LABELS, rectangle


def test_a_polygon_holds_the_pixels_whose_centres_it_winds_around() -> None:
    triangle = polygon_mask([(0, 0), (5, 0), (0, 5)], 5, 5)
    assert triangle.astype(int).tolist() == [
        [1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_a_loop_drawn_twice_has_no_hole() -> None:
    square = rectangle(1, 1, 3, 3)
    assert np.array_equal(polygon_mask(square * 2, 4, 4), polygon_mask(square, 4, 4))
    assert polygon_mask(square, 4, 4).sum() == 4


def test_two_corners_hold_nothing() -> None:
    assert not polygon_mask([(0, 0), (4, 4)], 4, 4).any()


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 18)), min_size=3, max_size=8))
def test_a_polygon_agrees_with_the_winding_number_of_every_centre(corners: list[tuple[int, int]]) -> None:
    polygon = np.array(corners) / 2
    y, x = np.mgrid[:9, :12] + 0.5
    turns, on_an_edge = np.zeros((9, 12)), np.zeros((9, 12), bool)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        to_start, to_end = complex(*start) - (x + 1j * y), complex(*end) - (x + 1j * y)
        product = to_start.conj() * to_end
        on_an_edge |= (product.imag == 0) & (product.real <= 0)
        turns += np.angle(product) / (2 * np.pi)
    mask = polygon_mask(polygon, 9, 12)
    assert np.array_equal(mask[~on_an_edge], (np.round(turns) != 0)[~on_an_edge])


@pytest.mark.parametrize("point", [(-0.1, 0), (6, 0), (0, 2), (0, -1), (float("nan"), 0), (float("inf"), 0)])
def test_a_point_outside_the_image_is_refused(point: Point) -> None:
    for look_up in (superpixels_at, superpixels_under_line):
        with pytest.raises(ValueError, match="outside"):
            look_up(LABELS, [(0, 0), point])


@pytest.mark.parametrize("corner", [(-0.1, 0), (6.1, 0), (0, 2.1), (float("nan"), 0), (float("inf"), 0)])
def test_a_corner_may_lie_on_the_edge_of_the_image_but_not_outside(corner: Point) -> None:
    assert polygon_mask(rectangle(0, 0, 6, 2), 2, 6).all()
    with pytest.raises(ValueError, match="outside"):
        polygon_mask([(0, 0), (6, 2), corner], 2, 6)


def test_the_last_point_inside_the_image_counts() -> None:
    just_inside = float(np.nextafter(6, 0))
    assert superpixels_at(LABELS, [(just_inside, 0)]).tolist() == [2]
    start = 1.6187202825832219  # from here, adding the whole way is rounded up to 6
    assert start + (just_inside - start) == 6
    assert np.unique(superpixels_under_line(LABELS, [(start, 0), (just_inside, 0)])).tolist() == [0, 1, 2]


@pytest.mark.parametrize("points", [[], [(0, 0)] * (MAX_POINTS + 1), [(0, 0, 0)], [0, 0]])
def test_what_is_no_list_of_points_is_refused(points: Any) -> None:
    for function in (superpixels_at, superpixels_under_line):
        with pytest.raises(ValueError, match="points"):
            function(LABELS, points)
    with pytest.raises(ValueError, match="points"):
        polygon_mask(points, 2, 6)
