"""Keypoints that lie alike: the thing is known again wherever it stands, and nothing else is taken for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gallery.descriptors.keypoints import MOST, NONE, STEPS, Keypoints, keypoints_of
from gallery.descriptors.same_thing import COUNTED, VERIFIED, Match, Question, alike_placed, gain
from tests.textures import Picture, set_into, texture

PHOTO = texture(1, 200, 150)
THING = (slice(30, 120), slice(50, 160))


@pytest.fixture(scope="module")
def question() -> Question:
    """A box of the photo is selected."""
    return Question.of(PHOTO, selected())


def selected() -> np.ndarray:
    inside = np.zeros(PHOTO.shape[:2], bool)
    inside[THING] = True
    return inside


def match_in(question: Question, picture: Picture) -> Match:
    return question.match(keypoints_of(picture))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"scale": 0.75},
        {"scale": 1.4},
        {"turned": 50},
        {"mirrored": True},
        {"mirrored": True, "scale": 1.2, "turned": -20, "light": 0.7},
    ],
    ids=str,
)
def test_a_thing_is_known_again_in_another_scene(question: Question, how: dict[str, Any]) -> None:
    found = match_in(question, set_into(texture(2, 220, 200), PHOTO[THING], (20, 20), **how))
    assert len(found) >= VERIFIED
    assert found.is_mirrored == how.get("mirrored", False)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_points_are_those_of_the_thing_in_both_pictures(question: Question, mirrored: bool) -> None:
    found = match_in(question, set_into(texture(2, 200, 150), PHOTO[THING], (60, 40), mirrored=mirrored))
    x, y = (found.asked - (50, 30)).T
    assert ((x > -1) & (x < 110) & (y > -1) & (y < 90)).all()
    wanted = np.column_stack([(109 - x if mirrored else x) + 60, y + 40])
    assert np.abs(found.found - wanted).max() < 3


@pytest.mark.parametrize("seed", range(10, 13))
def test_other_things_are_not_taken_for_it(question: Question, seed: int) -> None:
    assert len(match_in(question, texture(seed, 200, 150))) < COUNTED


def test_what_lies_around_the_selection_does_not_count(question: Question) -> None:
    """The photo without the thing: all the rest of it is the same."""
    without = PHOTO.copy()
    without[THING] = texture(3, 110, 90)
    assert len(match_in(question, without)) < COUNTED
    assert len(match_in(question, PHOTO)) > 4 * VERIFIED


def test_the_answer_is_the_same_every_time(question: Question) -> None:
    picture = set_into(texture(4, 200, 150), PHOTO[THING], (10, 60), scale=0.8)
    again = match_in(Question.of(PHOTO, selected()), picture)
    assert np.array_equal(match_in(question, picture).found, again.found)


def test_points_at_one_place_count_once() -> None:
    """SIFT finds several directions at one place, each with a descriptor of its own."""
    places = np.array([[10, 10, 4, 0.0], [10, 10, 4, 0.1], [60, 20, 4, 0.0]], np.float32)
    rows = np.arange(3)
    assert len(alike_placed(places, places, rows, rows)) == 2


@pytest.mark.parametrize("size", [(8, 8), (2, 300), (60, 50)])
def test_a_picture_without_contrast_has_none(size: tuple[int, int]) -> None:
    blank = np.full((*size, 3), 90, np.uint8)
    assert len(keypoints_of(blank)) == 0
    assert len(Question.of(blank, np.ones(size, bool)).match(keypoints_of(PHOTO[:60, :60]))) == 0


def test_nothing_is_found_where_there_is_nothing(question: Question) -> None:
    assert len(question.match(NONE)) == 0


def test_nothing_selected_is_nothing_asked() -> None:
    assert len(Question.of(PHOTO, np.zeros(PHOTO.shape[:2], bool)).match(keypoints_of(PHOTO))) == 0


def test_keypoints_come_back_as_they_were_stored() -> None:
    found = keypoints_of(PHOTO)
    again = Keypoints.unpack(found.pack())
    assert 20 < len(found) <= MOST and len(found.pack()) == 136 * len(found)
    assert np.array_equal(again.descriptors, found.descriptors)
    assert (np.abs(again.places - found.places) <= 0.51 / STEPS).all()
    assert len(Keypoints.unpack(b"")) == 0


def test_of_many_keypoints_the_largest_are_kept() -> None:
    all_of_them, few = keypoints_of(PHOTO), keypoints_of(PHOTO, most=10)
    assert len(few) == 10
    assert few.places[:, 2].min() >= np.sort(all_of_them.places[:, 2])[-10]


def test_a_large_picture_is_looked_at_smaller_and_its_points_lie_where_they_are() -> None:
    large = np.repeat(np.repeat(PHOTO, 4, axis=0), 4, axis=1)
    found = Question.of(PHOTO, selected()).match(keypoints_of(large))
    assert len(found) >= VERIFIED
    assert np.abs(found.found - (4 * found.asked + 1.5)).max() < 8


def test_each_point_raises_a_score_and_a_few_do_not() -> None:
    gains = gain(np.arange(60))
    assert (gains[:COUNTED] == 0).all() and gains[COUNTED] > 0
    assert (np.diff(gains[COUNTED:]) >= 0).all() and gains[-1] == gains[40]
