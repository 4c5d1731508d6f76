"""Gestures on tiny label maps a reader can check by eye, and laws that hold for all of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Labels
from selector.segmentation.superpixels import area_share, neighbours, superpixel_areas
from selector.selection.geometry import MAX_POINTS, polygon_mask, rectangle, superpixels_at
from selector.selection.gestures import clear, cover, grow, invert, paint, shrink, toggle
from selector.selection.selection import Mode, SuperpixelSelection, change, packed_length
from selector.selection.tree import child_region, covering_node, node_members, parent_region

# Six superpixels in two rows of three; each is two pixels wide and one high.
LABELS = np.array([[0, 0, 1, 1, 2, 2], [3, 3, 4, 4, 5, 5]], np.uint16)
EACH_ALONE = np.arange(6, dtype=np.uint16)
LEFT_MIDDLE_RIGHT = np.array([0, 1, 2, 0, 1, 2], np.uint16)
# 0 and 3 make 6, 1 and 4 make 7, 2 and 5 make 8; 6 and 7 make 9, 9 and 8 make the whole, 10.
PARENTS = np.array([6, 7, 8, 6, 7, 8, 9, 9, 10, 10, 10], np.uint16)

NOTHING = SuperpixelSelection.empty(6)


def flags(*superpixels: int, n: int = 6) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.isin(np.arange(n), superpixels)


def selected(*included: int, excluded: tuple[int, ...] = ()) -> SuperpixelSelection:
    return SuperpixelSelection(flags(*included), flags(*excluded))


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
def test_a_point_outside_the_image_is_refused(point: tuple[float, float]) -> None:
    for gesture in (toggle, paint):
        with pytest.raises(ValueError, match="outside"):
            gesture(NOTHING, LABELS, EACH_ALONE, [(0, 0), point], "include")
    with pytest.raises(ValueError, match="outside"):
        cover(NOTHING, LABELS, EACH_ALONE, [(0, 0), (6, 2), (point[0] * 2, point[1] * 2)], "include")


def test_the_last_point_inside_the_image_counts() -> None:
    just_inside = float(np.nextafter(6, 0))
    assert superpixels_at(LABELS, [(just_inside, 0)]).tolist() == [2]
    start = 1.6187202825832219  # from here, adding the whole way is rounded up to 6
    assert start + (just_inside - start) == 6
    line = [(start, 0), (just_inside, 0)]
    assert paint(NOTHING, LABELS, EACH_ALONE, line, "include") == selected(0, 1, 2)


@pytest.mark.parametrize("points", [[], [(0, 0)] * (MAX_POINTS + 1), [(0, 0, 0)], [0, 0]])
def test_what_is_no_list_of_points_is_refused(points: Any) -> None:
    with pytest.raises(ValueError, match="points"):
        toggle(NOTHING, LABELS, EACH_ALONE, points, "include")


def test_an_unknown_mode_is_refused() -> None:
    unknown: Any = "delete"
    for gesture in (toggle, paint, cover):
        with pytest.raises(ValueError, match="mode"):
            gesture(NOTHING, LABELS, EACH_ALONE, [(0, 0)], unknown)


def test_a_cut_of_another_photo_is_refused() -> None:
    for gesture in (toggle, paint, cover):
        with pytest.raises(ValueError, match="label map"):
            gesture(SuperpixelSelection.empty(7), LABELS, EACH_ALONE, [(0, 0)], "include")


def test_inverting_leaves_the_excluded_ones_alone() -> None:
    assert invert(selected(0, 1, excluded=(5,))) == selected(2, 3, 4, excluded=(5,))


def test_clearing_leaves_nothing() -> None:
    assert clear(selected(0, excluded=(1,))) == NOTHING


# The merge tree


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


def test_nodes_know_their_members_and_their_neighbours_in_the_tree() -> None:
    assert node_members(PARENTS, 4).tolist() == flags(4).tolist()
    assert node_members(PARENTS, 9).tolist() == flags(0, 1, 3, 4).tolist()
    assert covering_node(PARENTS, flags(0, 3)) == 6
    assert covering_node(PARENTS, flags(3, 4)) == 9
    assert parent_region(PARENTS, flags(0, 3)).tolist() == flags(0, 1, 3, 4).tolist()
    assert parent_region(PARENTS, flags(3, 4)).tolist() == flags(0, 1, 3, 4).tolist()
    assert parent_region(PARENTS, flags(*range(6))).all()
    assert child_region(PARENTS, flags(*range(6)), 5).tolist() == flags(2, 5).tolist()
    assert not child_region(PARENTS, flags(5), 5).any()


def test_tree_questions_without_an_answer_are_refused() -> None:
    with pytest.raises(ValueError, match="No superpixel"):
        covering_node(PARENTS, flags())
    with pytest.raises(ValueError, match="outside the region"):
        child_region(PARENTS, flags(0, 3), 1)


def test_a_photo_of_one_superpixel_has_a_tree_too() -> None:
    alone = np.zeros(1, np.uint16)
    whole = grow(SuperpixelSelection.empty(1), alone[None], alone, (0, 0), "include", parents=alone)
    assert whole.included.all()
    assert grow(whole, alone[None], alone, (0, 0), "include", parents=alone) == whole
    assert shrink(whole, alone[None], (0, 0), "include", parents=alone).is_empty


@st.composite
def merge_trees(draw: st.DrawFn) -> Labels:
    n = draw(st.integers(1, 40))
    parents, roots = np.arange(2 * n - 1, dtype=np.uint16), list(range(n))
    for node in range(n, 2 * n - 1):
        for _ in range(2):
            parents[roots.pop(draw(st.integers(0, len(roots) - 1)))] = node
        roots.append(node)
    return parents


@given(merge_trees(), st.data())
def test_up_and_down_the_tree_are_inverse(parents: Labels, data: st.DataObject) -> None:
    node = data.draw(st.integers(0, parents.size - 1))
    members = node_members(parents, node)
    up = parent_region(parents, members)
    superpixel = int(np.flatnonzero(members)[-1])
    assert covering_node(parents, members) == node
    assert np.array_equal(up, node_members(parents, int(parents[node])))
    if parents[node] != node:
        assert np.array_equal(child_region(parents, up, superpixel), members)


# Laws


@st.composite
def selections(draw: st.DrawFn, n: int = 6) -> SuperpixelSelection:
    states = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    return SuperpixelSelection(states == 1, states == 2)


inside = st.tuples(st.floats(0, 6, exclude_max=True), st.floats(0, 2, exclude_max=True))
cuts = st.lists(st.integers(0, 3), min_size=6, max_size=6).map(lambda ids: np.array(ids, np.uint16))
modes: st.SearchStrategy[Mode] = st.sampled_from(["include", "exclude"])


@given(st.integers(1, 70), st.data())
def test_packing_round_trips(n: int, data: st.DataObject) -> None:
    selection = data.draw(selections(n))
    packed = selection.pack()
    assert len(packed) == packed_length(n) == 2 * -(-n // 8)
    assert SuperpixelSelection.unpack(packed, n) == selection


@given(selections(), selections())
def test_a_change_undoes_and_redoes(before: SuperpixelSelection, after: SuperpixelSelection) -> None:
    delta = change(before, after)
    assert before.xor(delta) == after
    assert after.xor(delta) == before
    assert hash(before.xor(delta)) == hash(after)


@given(selections(), cuts, inside, modes)
def test_a_toggle_decides_the_whole_region_and_nothing_else(
    before: SuperpixelSelection, cut: Labels, point: tuple[float, float], mode: Mode
) -> None:
    region = cut == cut[superpixels_at(LABELS, [point])[0]]
    was_whole = before.of(mode)[region].all()
    after = toggle(before, LABELS, cut, [point], mode)
    assert np.all(after.of(mode)[region] == (not was_whole))
    assert np.array_equal(after.included[~region], before.included[~region])
    assert np.array_equal(after.excluded[~region], before.excluded[~region])


@given(selections(), cuts, inside, modes)
def test_toggling_a_whole_region_twice_restores_it(
    before: SuperpixelSelection, cut: Labels, point: tuple[float, float], mode: Mode
) -> None:
    whole = before.plus(cut == cut[superpixels_at(LABELS, [point])[0]], mode)
    once = toggle(whole, LABELS, cut, [point], mode)
    assert once != whole
    assert toggle(once, LABELS, cut, [point], mode) == whole


@given(selections(), cuts, st.lists(inside, min_size=1, max_size=5), modes, st.booleans())
def test_no_gesture_includes_and_excludes_at_once_or_changes_its_input(
    before: SuperpixelSelection, cut: Labels, points: list[tuple[float, float]], mode: Mode, add: bool
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


# Selections that cannot be


@pytest.mark.parametrize(
    ("included", "excluded"),
    [
        (flags(0), flags(0)),
        (flags(0), flags(1, n=7)),
        (flags(0).astype(int), flags(1)),
        (flags(0)[None], flags(1)[None]),
    ],
)
def test_an_impossible_selection_is_refused(included: Any, excluded: Any) -> None:
    with pytest.raises(ValueError):
        SuperpixelSelection(included, excluded)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x00", b"\x01\x00", b"\x80\x80"])
def test_bytes_that_are_no_selection_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SuperpixelSelection.unpack(data, 6)


def test_a_change_of_another_label_map_is_refused() -> None:
    with pytest.raises(ValueError, match="label map"):
        NOTHING.xor(b"\x80\x00\x00\x00")
    with pytest.raises(ValueError, match="label map"):
        change(NOTHING, SuperpixelSelection.empty(9))


# Measures and neighbours


def test_the_share_of_the_area_counts_pixels() -> None:
    areas = superpixel_areas(np.array([[0, 0, 0, 1]], np.uint16), 3)
    assert areas.tolist() == [3, 1, 0]
    assert area_share(flags(0, n=3), areas) == 0.75


def test_neighbours_share_a_border_and_not_only_a_corner() -> None:
    assert neighbours(LABELS, LEFT_MIDDLE_RIGHT).tolist() == [[0, 1], [1, 2]]
    assert neighbours(LABELS[:, 2:4], EACH_ALONE).tolist() == [[1, 4]]
    assert [0, 4] not in neighbours(LABELS, EACH_ALONE).tolist()
    assert neighbours(LABELS, np.zeros(6, np.uint16)).tolist() == []
