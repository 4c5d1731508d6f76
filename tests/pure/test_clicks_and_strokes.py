"""Gestures on tiny label maps a reader can check by eye, and laws that hold for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Cut
from selector.selection.geometry import Point, superpixels_at
from selector.selection.gestures import clear, cover, grow, invert, paint, shrink, similar, toggle
from selector.selection.selection import Mode, SuperpixelSelection
from tests.pure.six_superpixels import (
    EACH_ALONE,
    LABELS,
    LEFT_MIDDLE_RIGHT,
    NOTHING,
    PARENTS,
    rectangle,
    selected,
    selections,
)


def test_a_click_selects_the_region_under_the_point() -> None:
    assert toggle(NOTHING, LABELS, LEFT_MIDDLE_RIGHT, [(2.5, 0.5)], "include") == selected(1, 4)
    assert toggle(NOTHING, LABELS, EACH_ALONE, [(2.5, 0.5)], "include") == selected(1)


def test_a_click_on_a_wholly_selected_region_removes_it() -> None:
    assert toggle(selected(1, 4, 5), LABELS, LEFT_MIDDLE_RIGHT, [(3, 1)], "include") == selected(5)


def test_a_click_on_a_partly_selected_region_completes_it() -> None:
    assert toggle(selected(4), LABELS, LEFT_MIDDLE_RIGHT, [(3, 1)], "include") == selected(1, 4)


def test_several_clicks_count_one_after_the_other() -> None:
    clicks = [(0, 0), (5, 0), (0, 1), (0, 0)]
    assert toggle(NOTHING, LABELS, EACH_ALONE, clicks, "include") == selected(2, 3)


def test_excluding_takes_a_region_out_of_the_included_ones_and_back() -> None:
    excluded = toggle(selected(0, 1), LABELS, EACH_ALONE, [(2, 0)], "exclude")
    assert excluded == selected(0, excluded=(1,))
    assert toggle(excluded, LABELS, EACH_ALONE, [(2, 0)], "include") == selected(0, 1)


def test_a_stroke_selects_everything_under_its_line() -> None:
    assert paint(NOTHING, LABELS, EACH_ALONE, [(0, 0), (5.9, 0), (5.9, 1)], "include") == selected(0, 1, 2, 5)
    assert paint(NOTHING, LABELS, EACH_ALONE, [(0, 0), (5.9, 1.9)], "include") == selected(0, 1, 4, 5)


def test_a_stroke_may_take_away_and_may_be_a_dab() -> None:
    assert paint(selected(0, 1, 2), LABELS, EACH_ALONE, [(3, 0)], "include", add=False) == selected(0, 2)


def test_a_stroke_never_skips_a_pixel_however_far_apart_its_points_are() -> None:
    labels = np.arange(1000, dtype=np.uint16)[None]
    cut = np.arange(1000, dtype=np.uint16)
    assert paint(SuperpixelSelection.empty(1000), labels, cut, [(0, 0), (999.99, 0.9)], "include").included.all()


def test_a_rectangle_takes_regions_of_which_more_than_half_is_inside() -> None:
    # The middle superpixel of the first row is half inside: not more than half.
    assert cover(NOTHING, LABELS, EACH_ALONE, rectangle(0, 0, 3, 1), "include") == selected(0)
    assert cover(NOTHING, LABELS, EACH_ALONE, rectangle(0, 0, 4, 1), "include") == selected(0, 1)
    assert cover(NOTHING, LABELS, LEFT_MIDDLE_RIGHT, rectangle(0, 0, 6, 1), "include") == NOTHING
    assert cover(NOTHING, LABELS, LEFT_MIDDLE_RIGHT, rectangle(6, 2, 1, 0), "include") == selected(1, 2, 4, 5)


def test_a_rectangle_may_take_away_or_exclude() -> None:
    everything = selected(0, 1, 2, 3, 4, 5)
    left = rectangle(0, 0, 2, 2)
    assert cover(everything, LABELS, EACH_ALONE, left, "include", add=False) == selected(1, 2, 4, 5)
    assert cover(everything, LABELS, EACH_ALONE, left, "exclude") == selected(1, 2, 4, 5, excluded=(0, 3))


def test_a_point_outside_the_photo_is_refused() -> None:
    for gesture in (toggle, paint, cover):
        with pytest.raises(ValueError, match="outside"):
            gesture(NOTHING, LABELS, EACH_ALONE, [(0, 0), (7, 0)], "include")


def test_an_unknown_mode_is_refused() -> None:
    unknown: Any = "delete"
    for gesture in (toggle, paint, cover):
        with pytest.raises(ValueError, match="mode"):
            gesture(NOTHING, LABELS, EACH_ALONE, [(0, 0)], unknown)


def test_a_cut_of_another_photo_is_refused() -> None:
    for gesture in (toggle, paint, cover):
        with pytest.raises(ValueError, match="label map"):
            gesture(SuperpixelSelection.empty(7), LABELS, EACH_ALONE, [(0, 0)], "include")


# Similar: six superpixels by their colours in CIELAB. A difference of 12 looks alike, one of 16 does not.

COLOURS = np.array([[50, 0, 0], [62, 0, 0], [78, 0, 0], [50, 12, 0], [50, 28, 0], [50, 0, 0]], float)


def alike(before: SuperpixelSelection, point: Point, cut: Cut = EACH_ALONE, **more: Any) -> SuperpixelSelection:
    """What `similar` makes of a selection."""
    return similar(before, LABELS, cut, point, "include", colours=COLOURS, **more)


def test_similar_adds_what_looks_like_the_region_and_touches_it() -> None:
    assert alike(NOTHING, (0, 0)) == selected(0, 1, 3)
    assert alike(selected(2), (0, 0)) == selected(0, 1, 2, 3)


def test_similar_everywhere_reaches_over_what_looks_different() -> None:
    assert alike(NOTHING, (0, 0), everywhere=True) == selected(0, 1, 3, 5)


def test_similar_on_a_selected_region_adds_what_looks_like_any_selected_one() -> None:
    assert alike(selected(0, 4), (0, 0)) == selected(0, 1, 3, 4, 5)
    assert alike(selected(0, 2), (0, 0), everywhere=True) == selected(0, 1, 2, 3, 5)


def test_similar_compares_means_over_the_pixels_of_regions() -> None:
    cut = np.array([0, 1, 1, 1, 2, 2], np.uint16)
    colours = np.array([[50, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [50, 0, 0], [70, 0, 0]], float)
    uneven = np.array([[0, 0, 1, 1, 2, 2], [3, 3, 4, 5, 5, 5]], np.uint16)
    # The mean of 4 and 5 is 60 where they are as large, and 65 where 5 is three times as large as 4.
    for labels, expected in ((LABELS, selected(0, 4, 5)), (uneven, selected(0))):
        assert similar(NOTHING, labels, cut, (0, 0), "include", colours=colours, everywhere=True) == expected


def test_inverting_leaves_the_excluded_ones_alone() -> None:
    assert invert(selected(0, 1, excluded=(5,))) == selected(2, 3, 4, excluded=(5,))


def test_clearing_leaves_nothing() -> None:
    assert clear(selected(0, excluded=(1,))) == NOTHING


def test_growing_begins_with_the_region_and_goes_up_the_tree() -> None:
    selection = NOTHING
    for expected in (selected(0), selected(0, 3), selected(0, 1, 3, 4), selected(0, 1, 2, 3, 4, 5)):
        selection = grow(selection, LABELS, EACH_ALONE, (0, 0), "include", parents=PARENTS)
        assert selection == expected
    assert grow(selection, LABELS, EACH_ALONE, (0, 0), "include", parents=PARENTS) == selection


def test_growing_completes_a_partly_selected_region_first() -> None:
    assert grow(selected(3), LABELS, LEFT_MIDDLE_RIGHT, (0, 0), "include", parents=PARENTS) == selected(0, 3)


def test_shrinking_goes_back_down_to_the_half_under_the_point() -> None:
    selection = selected(0, 1, 2, 3, 4, 5)
    for expected in (selected(0, 1, 3, 4), selected(0, 3), selected(0), NOTHING, NOTHING):
        selection = shrink(selection, LABELS, (0, 0), "include", parents=PARENTS)
        assert selection == expected


def test_shrinking_leaves_what_is_selected_elsewhere_alone() -> None:
    assert shrink(selected(0, 3, 2), LABELS, (0, 1), "include", parents=PARENTS) == selected(3, 2)


def test_growing_an_excluded_region_takes_its_new_part_out_of_the_included_ones() -> None:
    before = selected(3, excluded=(0,))
    grown = grow(before, LABELS, EACH_ALONE, (0, 0), "exclude", parents=PARENTS)
    assert grown == selected(excluded=(0, 3))


def test_a_photo_of_one_superpixel_has_a_tree_too() -> None:
    alone = np.zeros(1, np.uint16)
    whole = grow(SuperpixelSelection.empty(1), alone[None], alone, (0, 0), "include", parents=alone)
    assert whole.included.all()
    assert grow(whole, alone[None], alone, (0, 0), "include", parents=alone) == whole
    assert shrink(whole, alone[None], (0, 0), "include", parents=alone).is_empty


inside = st.tuples(st.floats(0, 6, exclude_max=True), st.floats(0, 2, exclude_max=True))
cuts = st.lists(st.integers(0, 3), min_size=6, max_size=6).map(lambda ids: np.array(ids, np.uint16))
modes: st.SearchStrategy[Mode] = st.sampled_from(["include", "exclude"])


@given(selections(), cuts, inside, modes)
def test_a_toggle_decides_the_whole_region_and_nothing_else(
    before: SuperpixelSelection, cut: Cut, point: Point, mode: Mode
) -> None:
    region = cut == cut[superpixels_at(LABELS, [point])[0]]
    was_whole = before.of(mode)[region].all()
    after = toggle(before, LABELS, cut, [point], mode)
    assert np.all(after.of(mode)[region] == (not was_whole))
    assert np.array_equal(after.included[~region], before.included[~region])
    assert np.array_equal(after.excluded[~region], before.excluded[~region])


@given(selections(), cuts, inside, modes)
def test_toggling_a_whole_region_twice_restores_it(
    before: SuperpixelSelection, cut: Cut, point: Point, mode: Mode
) -> None:
    whole = before.plus(cut == cut[superpixels_at(LABELS, [point])[0]], mode)
    once = toggle(whole, LABELS, cut, [point], mode)
    assert once != whole
    assert toggle(once, LABELS, cut, [point], mode) == whole


@given(selections(), cuts, st.lists(inside, min_size=1, max_size=5), modes, st.booleans())
def test_no_gesture_includes_and_excludes_at_once_or_changes_its_input(
    before: SuperpixelSelection, cut: Cut, points: list[Point], mode: Mode, add: bool
) -> None:
    packed = before.pack()
    for after in (
        toggle(before, LABELS, cut, points, mode),
        paint(before, LABELS, cut, points, mode, add=add),
        cover(before, LABELS, cut, points, mode, add=add),
        grow(before, LABELS, cut, points[0], mode, parents=PARENTS),
        shrink(before, LABELS, points[0], mode, parents=PARENTS),
        invert(before),
    ):
        assert not np.any(after.included & after.excluded)
    assert before.pack() == packed


@given(selections())
def test_inverting_twice_restores(selection: SuperpixelSelection) -> None:
    assert invert(invert(selection)) == selection
