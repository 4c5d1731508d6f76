"""The separate parts of a selection."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gallery.search.parts import connected_parts, parts_of
from selector.segmentation.superpixels import neighbours, superpixel_areas

# Nine superpixels in three rows and columns, each 4 x 4 pixels.
LABELS = np.arange(9, dtype=np.uint16).reshape(3, 3).repeat(4, axis=0).repeat(4, axis=1)
PAIRS = neighbours(LABELS, np.arange(9, dtype=np.uint16))
AREAS = superpixel_areas(LABELS, 9)


def chosen(*superpixels: int) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(9), superpixels)


def parts(*superpixels: int) -> list[list[int]]:
    return [np.flatnonzero(part).tolist() for part in connected_parts(PAIRS, AREAS, chosen(*superpixels))]


def test_neighbours_are_one_part_and_corners_do_not_connect() -> None:
    assert parts(0, 1, 4) == [[0, 1, 4]]
    assert parts(0, 4) == [[0], [4]]


def test_the_largest_part_comes_first() -> None:
    assert parts(0, 2, 5, 8) == [[2, 5, 8], [0]]


def test_nothing_selected_is_no_part() -> None:
    assert parts() == []


def test_crumbs_are_no_parts() -> None:
    areas = np.array([1000, 1, 1000, 1, 1, 1, 1, 1, 1])
    assert [part.tolist() for part in connected_parts(PAIRS, areas, chosen(0, 2, 7))] == [
        chosen(0).tolist(),
        chosen(2).tolist(),
    ]


def test_a_part_counts_from_a_twentieth_of_the_largest() -> None:
    def sizes(small: int) -> list[int]:
        areas = np.array([1000, 1, small, 1, 1, 1, 1, 1, 1])
        return [int(areas[part].sum()) for part in connected_parts(PAIRS, areas, chosen(0, 2))]

    assert sizes(50) == [1000, 50]
    assert sizes(49) == [1000]


def test_two_to_four_parts_can_be_searched_for_one_by_one() -> None:
    def count(*superpixels: int) -> int:
        return len(parts_of(PAIRS, AREAS, chosen(*superpixels)))

    assert count(0) == count(0, 1) == 0
    assert count(0, 8) == 2
    assert count(0, 2, 6, 8) == 4
    assert count(0, 2, 4, 6, 8) == 0


def test_crumbs_of_the_image_are_no_parts_either() -> None:
    # 900 pixels are more than a twentieth of 1500, but less than a thousandth of the image.
    areas = np.array([1500, 1, 900, 1, 997_594, 1, 1, 1, 1])
    assert areas.sum() == 1_000_000
    assert [areas[part].sum() for part in connected_parts(PAIRS, areas, chosen(0, 2))] == [1500]
