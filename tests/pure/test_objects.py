"""An object found by one gesture, and corrected: what holds whatever the photo and the gesture."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Labels, Members, Parents, Rgb
from selector.segmentation import hierarchy, slic
from selector.selection.geometry import Point
from selector.selection.objects.choosing import chosen, cues_of_cuts, cuts_of_belief
from selector.selection.objects.cutting import begun, cut_object
from selector.selection.objects.evidence import MOST_CORRECTIONS, Evidence
from selector.selection.objects.graph import Graph
from selector.selection.objects.growing import grown
from selector.selection.objects.likeness import border_weights
from selector.selection.objects.look import Look, look_at
from selector.selection.objects.min_cut import min_cut
from selector.selection.objects.nodes import SmallestNodes, salient_node
from selector.selection.objects.refining import Settled, one_step
from selector.selection.objects.shown import shown_first
from selector.selection.tree import node_members

Photo = tuple[Labels, Parents, Look]

DISC = (90.0, 60.0)  # its centre; its radius is 30
BOX = Evidence("box", ((60.0, 30.0), (120.0, 90.0)))


def photo_of(rgb: Rgb, n: int = 300) -> Photo:
    labels = slic.segment(rgb, n)
    return labels, hierarchy.build(rgb, labels).parents, look_at(labels, rgb)


def disc_on_grass() -> tuple[Rgb, npt.NDArray[np.bool_]]:
    """A red disc on green noise, and where it is."""
    y, x = np.mgrid[:120, :180] + 0.5
    inside = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 < 30**2
    noise = (np.arange(120 * 180).reshape(120, 180) * 7919 % 31).astype(np.uint8)
    red, green = np.where(inside, 190, 60).astype(np.uint8), np.where(inside, 40, 120).astype(np.uint8)
    return np.stack([red + noise, green + noise, 40 + noise], axis=2), inside


@pytest.fixture(scope="module")
def photo() -> Photo:
    return photo_of(disc_on_grass()[0])


def overlap(photo: Photo, members: Members) -> float:
    found, disc = members[photo[0]], disc_on_grass()[1]
    return float((found & disc).sum() / (found | disc).sum())


def at(photo: Photo, x: float, y: float) -> int:
    return int(photo[0][int(y), int(x)])


@pytest.mark.parametrize(
    "evidence",
    [
        BOX,
        Evidence("box", ((130.0, 100.0), (50.0, 20.0))),
        Evidence("loop", ((90.0, 20.0), (130.0, 60.0), (90.0, 100.0), (50.0, 60.0))),
        Evidence("stroke", ((70.0, 60.0), (110.0, 60.0))),
        Evidence("tap", (DISC,)),
    ],
    ids=["box", "loose box drawn backwards", "loop", "stroke", "tap"],
)
def test_one_gesture_of_any_kind_finds_the_disc(photo: Photo, evidence: Evidence) -> None:
    assert overlap(photo, cut_object(*photo, evidence)) > 0.85


def test_the_same_gesture_finds_the_same(photo: Photo) -> None:
    evidence = BOX.corrected([(20.0, 20.0)], True)
    assert np.array_equal(cut_object(*photo, evidence), cut_object(*photo, evidence))


def test_a_box_that_leaves_the_photo_is_cut_off_there(photo: Photo) -> None:
    whole = Evidence("box", ((-500.0, -20.0), (900.0, 400.0)))
    assert np.array_equal(cut_object(*photo, whole), cut_object(*photo, Evidence("box", ((0.0, 0.0), (180.0, 120.0)))))


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("box", ((200.0, 0.0), (300.0, 50.0))),
        Evidence("box", ((20.0, 20.0), (20.0, 60.0))),
        Evidence("loop", ((200.0, 0.0), (300.0, 50.0), (200.0, 50.0))),
        Evidence("stroke", ((-5.0, 10.0), (-5.0, 30.0))),
        Evidence("tap", ((180.0, 10.0),)),
        BOX.corrected([(10.0, -3.0)], True),
        Evidence.of_selection(np.ones(5, bool)),
    ],
)
def test_a_gesture_beside_the_photo_is_refused(photo: Photo, evidence: Evidence) -> None:
    with pytest.raises(ValueError, match=r"outside|nothing|another photo"):
        cut_object(*photo, evidence)


def test_what_is_pointed_at_stays_inside_or_outside(photo: Photo) -> None:
    evidence = BOX
    clicks = [((10.0, 10.0), True), (DISC, False), ((170.0, 110.0), True), ((75.0, 60.0), False)]
    for i, (point, add) in enumerate(clicks):
        evidence = evidence.corrected([point], add)
        members = cut_object(*photo, evidence)
        assert [bool(members[at(photo, *point)]) for point, _ in clicks[: i + 1]] == [add for _, add in clicks[: i + 1]]


def test_of_two_corrections_of_one_place_the_later_one_holds(photo: Photo) -> None:
    evidence = BOX.corrected([DISC], False).corrected([DISC], True)
    assert cut_object(*photo, evidence)[at(photo, *DISC)]


def test_a_correction_far_away_leaves_the_object_as_it_was(photo: Photo) -> None:
    before = cut_object(*photo, BOX)
    after = cut_object(*photo, BOX.corrected([(10.0, 10.0)], True))
    assert not (before & ~after).any()


def test_what_was_found_before_saves_finding_it_again(photo: Photo) -> None:
    evidence = BOX.corrected([(66.0, 60.0)], False).resized(1)
    corrected = evidence.corrected([(115.0, 60.0)], True)
    before = cut_object(*photo, evidence)
    assert np.array_equal(cut_object(*photo, corrected, before=before), cut_object(*photo, corrected))


def test_a_correction_that_says_nothing_new_changes_nothing(photo: Photo) -> None:
    before = cut_object(*photo, BOX)
    assert np.array_equal(cut_object(*photo, BOX.corrected([DISC], True)), before)


def test_larger_holds_the_object_and_smaller_lies_in_it(photo: Photo) -> None:
    members, areas = cut_object(*photo, BOX), photo[2].areas
    larger, smaller = cut_object(*photo, BOX.resized(1)), cut_object(*photo, BOX.resized(-1))
    assert not (members & ~larger).any()
    assert not (smaller & ~members).any()
    assert areas[larger].sum() <= 3 * areas[members].sum() <= 9 * areas[smaller].sum()
    assert larger.sum() > members.sum() > smaller.sum()


def test_a_step_goes_where_the_gesture_spoke_for(photo: Photo) -> None:
    look = photo[2]
    right, far = look.centres[:, 0] > DISC[0], np.hypot(*(look.centres - DISC).T)
    near = far < 12
    began = begun(*photo, BOX)
    began = replace(began, belief=np.where(right & (far < 20), 0.5, -2.5), borders=0 * began.borders)
    larger = one_step(look, began, near, Settled(near, np.zeros_like(near)), larger=True)
    assert (larger & ~near).any()
    assert right[larger & ~near].all()


def test_what_a_model_has_seen_tells_things_of_one_colour_apart() -> None:
    flat = np.full((120, 180, 3), 128, np.uint8)
    photo = photo_of(flat)
    disc = np.hypot(*(photo[2].centres - DISC).T) < 30
    seen = np.where(disc, 1.0, -1.0)[:, None].astype(np.float32)
    stroke = Evidence("stroke", ((70.0, 60.0), (110.0, 60.0)))
    more = begun(*photo, stroke, seen).belief - begun(*photo, stroke).belief
    assert more[disc].mean() > more[~disc].mean()


def test_features_of_another_photo_are_refused(photo: Photo) -> None:
    with pytest.raises(ValueError, match="different photos"):
        cut_object(*photo, BOX, features=np.zeros((7, 2), np.float32))


@pytest.mark.parametrize("features", [0.0, 1.0])
def test_a_model_that_has_seen_nothing_breaks_nothing(photo: Photo, features: float) -> None:
    seen = np.full((photo[2].n_superpixels, 3), features, np.float32)
    assert overlap(photo, cut_object(*photo, BOX, features=seen)) > 0.7


def test_cuts_of_a_belief_lie_within_each_other_and_the_best_is_chosen(photo: Photo) -> None:
    labels, parents, look = photo
    shown = shown_first(labels, parents, look, BOX)
    belief = np.where(shown.outside, -6, 4 - np.hypot(*(look.centres - DISC).T) / 6)
    cuts = cuts_of_belief(look, shown, border_weights(look) / 20, belief)
    assert all(not (one & ~other).any() for one, other in itertools.pairwise(cuts))
    assert cuts[0].sum() < cuts[-1].sum()
    assert shown.drawn is not None
    cues = cues_of_cuts(look, shown.drawn, belief, cuts)
    assert np.isfinite(cues).all()
    sides = np.eye(cues.shape[1])[0]  # the side that reaches least far
    assert np.array_equal(chosen(cuts, cues, sides), cuts[int(cues[:, 0].argmax())])


def test_a_step_back_is_no_step() -> None:
    assert BOX.resized(2).resized(-2) == BOX
    assert BOX.resized(-1).resized(2) == BOX.resized(1)


def test_the_node_that_stands_out_around_a_point_of_the_disc_is_the_disc(photo: Photo) -> None:
    labels, parents, look = photo
    assert overlap(photo, node_members(parents, salient_node(labels, parents, look, DISC))) > 0.85


def test_of_each_superpixel_the_smallest_node_that_holds_it_and_others() -> None:
    parents = np.array([4, 4, 5, 6, 5, 6, 6], np.uint16)
    nodes = SmallestNodes(parents, np.array([True, False, False, False]))
    assert nodes.sums(np.array([1.0, 2.0, 4.0, 8.0])).tolist() == [1, 3, 7, 15]
    assert nodes.parts()[1:].tolist() == [4, 3, 2]
    last = SmallestNodes(parents, np.array([False, False, False, True]))
    assert last.sums_without(np.array([1.0, 2.0, 4.0, 8.0])).tolist() == [7, 7, 7, 8]
    nowhere = SmallestNodes(parents, np.zeros(4, bool))
    assert nowhere.sums(np.ones(4)).tolist() == [4] * 4


def test_a_click_on_a_part_of_another_colour_brings_all_of_it_and_takes_it_away_again() -> None:
    rgb, disc = disc_on_grass()
    blue = disc & (np.arange(180) > 90)
    rgb[blue] = np.where(np.arange(3) == 2, 200, rgb[blue] // 4).astype(np.uint8)
    photo = photo_of(rgb)
    stroke = Evidence("stroke", ((68.0, 50.0), (80.0, 60.0), (68.0, 70.0)))
    red = cut_object(*photo, stroke)
    assert overlap(photo, red) < 0.6
    both = cut_object(*photo, stroke.corrected([(105.0, 60.0)], True))
    assert overlap(photo, both) > 0.9
    again = stroke.corrected([(105.0, 60.0)], True).corrected([(103.0, 58.0)], False)
    assert overlap(photo, cut_object(*photo, again)) < 0.6


def test_a_part_of_the_disc_grows_into_it(photo: Photo) -> None:
    labels, parents, look = photo
    middle = np.hypot(*(look.centres - DISC).T) < 20
    members = grown(labels, parents, look, middle)
    assert not (middle & ~members).any()
    assert overlap(photo, members) > 0.9
    left = middle & (look.centres[:, 0] < DISC[0])
    assert look.areas[grown(labels, parents, look, left)].sum() <= 3 * look.areas[left].sum()
    assert not grown(labels, parents, look, np.zeros_like(middle)).any()


def test_a_selection_is_where_its_corrections_begin(photo: Photo) -> None:
    middle = np.hypot(*(photo[2].centres - DISC).T) < 20
    assert np.array_equal(cut_object(*photo, Evidence.of_selection(middle)), middle)


def test_small_holes_close_unless_they_were_pointed_at(photo: Photo) -> None:
    whole = cut_object(*photo, BOX)
    hole = at(photo, *DISC)
    pricked = whole & (np.arange(len(whole)) != hole)
    evidence = BOX.corrected([(80.0, 45.0)], True)
    assert cut_object(*photo, evidence, before=pricked)[hole]
    assert not cut_object(*photo, BOX.corrected([DISC], False))[hole]


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_on_a_photo_of_one_colour_every_gesture_finds_something_where_it_was_made(colour: int) -> None:
    photo = photo_of(np.full((60, 80, 3), colour, np.uint8), 60)
    for evidence in (
        Evidence("box", ((20.0, 20.0), (60.0, 40.0))),
        Evidence("loop", ((20.0, 20.0), (60.0, 20.0), (40.0, 50.0))),
        Evidence("stroke", ((30.0, 30.0), (50.0, 30.0))),
        Evidence("tap", ((40.0, 30.0),)),
    ):
        assert cut_object(*photo, evidence)[at(photo, 40, 30)]


@pytest.mark.parametrize("start", ["box", "loop", "stroke", "tap"])
def test_a_photo_of_one_superpixel_is_that_superpixel(start: str) -> None:
    photo = (
        np.zeros((4, 5), np.uint16),
        np.zeros(1, np.uint16),
        look_at(np.zeros((4, 5), np.uint16), np.zeros((4, 5, 3), np.uint8)),
    )
    points = [1, 1] if start == "tap" else [1, 1, 4, 1, 4, 3]
    data = {"start": start, "points": points, "corrections": [], "selected": ""}
    assert cut_object(*photo, Evidence.from_json(data)).tolist() == [True]


@cache
def _small_photo() -> Photo:
    return photo_of(disc_on_grass()[0], 60)


# In whole tenths of a pixel, as evidence keeps them.
corner = st.tuples(st.integers(-300, 2100).map(lambda x: x / 10), st.integers(-300, 1500).map(lambda y: y / 10))
clicks = st.lists(
    st.tuples(st.tuples(st.floats(0, 179, width=32), st.floats(0, 119, width=32)), st.booleans()), max_size=3
)


@given(corner, corner, clicks)
def test_whatever_is_drawn_is_answered_or_refused(one: Point, other: Point, clicks: list[tuple[Point, bool]]) -> None:
    photo = _small_photo()
    evidence = Evidence("box", (one, other))
    for point, add in clicks:
        evidence = evidence.corrected([point], add)
    low, high = np.minimum(one, other), np.maximum(one, other)
    if (np.minimum(high, (180, 120)).round(1) <= np.maximum(low, 0).round(1)).any():
        with pytest.raises(ValueError, match="nothing"):
            cut_object(*photo, evidence)
        return
    members = cut_object(*photo, evidence)
    last = {at(photo, *point): add for point, add in clicks}
    assert {superpixel: bool(members[superpixel]) for superpixel in last} == last


@given(st.data())
def test_a_minimum_cut_costs_no_more_than_any_other(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    costs = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)), np.float64)
    pairs = np.array(list(itertools.combinations(range(n), 2)), np.intp).reshape(-1, 2)
    weights = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(pairs), max_size=len(pairs))), np.float64)

    def price(inside: npt.NDArray[np.bool_]) -> float:
        return float(costs[inside].sum() + weights[inside[pairs[:, 0]] != inside[pairs[:, 1]]].sum())

    every = [np.array(flags) for flags in itertools.product([False, True], repeat=n)]
    assert price(min_cut(costs, Graph.of(n, pairs), weights)) == min(map(price, every))


def test_what_is_settled_stays_on_its_side_of_a_cut() -> None:
    graph = Graph.of(3, np.array([[0, 1], [1, 2]]))
    inside = min_cut(np.array([np.inf, -np.inf, -3.0]), graph, np.array([500.0, 1.0]))
    assert inside.tolist() == [False, True, True]


def test_evidence_comes_back_from_json() -> None:
    evidence = BOX.corrected([(1.25, 2.0), (3.0, 4.0)], False).resized(1)
    assert Evidence.from_json(json.loads(json.dumps(evidence.as_json()))) == evidence
    selection = Evidence.of_selection(np.arange(11) % 3 == 0).corrected([(1.0, 1.0)], True)
    again = Evidence.from_json(json.loads(json.dumps(selection.as_json())))
    assert again == selection
    assert again.members(11).tolist() == (np.arange(11) % 3 == 0).tolist()


@pytest.mark.parametrize(
    "change",
    [
        {"start": "sneeze"},
        {"start": ["box"]},
        {"points": [1, 2, 3]},
        {"points": [1, 2]},
        {"points": ["a", "b", "c", "d"]},
        {"points": [1, 2, 3, float("nan")]},
        {"points": {"x": 1}},
        {"corrections": [[[1, 1], "yes"]]},
        {"corrections": [[[1, 1]]]},
        {"corrections": 5},
        {"corrections": [[[1, 1], True]] * (MOST_CORRECTIONS + 1)},
        {"selected": "?"},
        {"selected": "AAAA"},
        {"selected": 7},
    ],
)
def test_nonsense_is_no_evidence(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Evidence.from_json(BOX.as_json() | change)


@pytest.mark.parametrize("nonsense", [None, [], "box", {}])
def test_what_is_no_evidence_at_all_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError, match="no description"):
        Evidence.from_json(nonsense)


def test_a_look_says_where_superpixels_are_and_touch() -> None:
    rgb = np.array([[[0, 0, 0], [0, 0, 0], [255, 255, 255]]] * 2, np.uint8)
    look = look_at(np.array([[0, 0, 1], [0, 0, 1]], np.uint16), rgb)
    assert look.areas.tolist() == [4, 2]
    assert look.centres.tolist() == [[1, 1], [2.5, 1]]
    assert look.colours[:, 0].round().tolist() == [0, 100]
    assert look.pairs.tolist() == [[0, 1]]
    assert look.borders.tolist() == [2]
    assert look.contrasts.round().tolist() == [100]
    with pytest.raises(ValueError, match="gaps"):
        look_at(np.array([[0, 0, 2], [0, 0, 2]], np.uint16), rgb)
    with pytest.raises(ValueError, match="fit"):
        look_at(np.zeros((3, 3), np.uint16), rgb)
