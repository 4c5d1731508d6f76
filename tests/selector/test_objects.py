"""Selecting an object by one gesture, and refining it by others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skimage.data
from django.test import Client

from selector.models import LabelMap, Photo, Selection, SelectionStep
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.turning import turn
from tests.pictures import image_file
from tests.selector.test_gestures import gesture, included, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("some_superpixels")]

# A red disc and a blue one on grey, which is a little uneven.
LEFT, RIGHT, AWAY = (60, 80), (180, 80), (120, 150)
BOX = "25,45 95,115"


@pytest.fixture
def some_superpixels(settings: Any) -> None:
    """So many that some lie within a disc."""
    settings.N_SUPERPIXELS = 300


@pytest.fixture
def discs(alice: Any) -> Photo:
    y, x = np.mgrid[:160, :240]
    rgb = np.full((160, 240, 3), 120, np.uint8) + (5 * np.sin(x / 9 + y / 7))[..., None].astype(np.uint8)
    for (cx, cy), colour in ((LEFT, (200, 40, 40)), (RIGHT, (40, 60, 200))):
        rgb[np.hypot(x - cx, y - cy) < 28] = colour
    return store_photo(image_file(rgb), "discs.jpg", owner=alice)


def at(point: tuple[int, int]) -> str:
    return f"{point[0]},{point[1]}"


def overlap(mask: np.ndarray, *centres: tuple[int, int]) -> float:
    """How well a mask agrees with the discs around some centres: intersection over union."""
    y, x = np.mgrid[:160, :240]
    wanted = np.any([np.hypot(x - cx, y - cy) < 28 for cx, cy in centres], axis=0)
    return float((mask & wanted).sum() / (mask | wanted).sum())


def test_a_box_finds_what_is_in_it_as_one_step(alice_client: Client, discs: Photo) -> None:
    html = gesture(alice_client, discs, "object", BOX, start="box").content.decode()
    assert "Object added" in html
    assert overlap(included(discs), LEFT) > 0.8
    assert Selection.objects.get().position == 1
    gesture(alice_client, discs, "undo")
    assert not included(discs).any()


@pytest.mark.parametrize(
    ("start", "points"),
    [
        ("loop", "60,48 92,80 60,112 28,80"),
        ("stroke", "45,70 60,80 75,90"),
        ("tap", "60,80"),
    ],
)
def test_every_way_of_drawing_finds_it(alice_client: Client, discs: Photo, start: str, points: str) -> None:
    gesture(alice_client, discs, "object", points, start=start)
    assert overlap(included(discs), LEFT) > 0.8


def draw(client: Client, photo: Photo, points: str, start: str = "box", **more: Any) -> Any:
    return gesture(client, photo, "object", points, start=start, **more)


RIGHT_BOX = "145,45 215,115"


def test_a_second_object_is_added_and_drawn_with_alt_one_is_removed(alice_client: Client, discs: Photo) -> None:
    draw(alice_client, discs, BOX)
    draw(alice_client, discs, RIGHT_BOX)
    assert overlap(included(discs), LEFT, RIGHT) > 0.8
    html = draw(alice_client, discs, BOX, remove="on").content.decode()
    assert "Object removed" in html
    assert overlap(included(discs), RIGHT) > 0.8


def test_an_object_can_be_excluded(alice_client: Client, discs: Photo) -> None:
    html = draw(alice_client, discs, BOX, mode="exclude").content.decode()
    assert "Object excluded" in html
    assert not included(discs).any()
    assert Selection.objects.get().superpixels.excluded.any()


def test_a_correction_is_a_step_that_keeps_all_else(alice_client: Client, discs: Photo) -> None:
    draw(alice_client, discs, RIGHT_BOX)
    gesture(alice_client, discs, points=at(AWAY), level=40)
    beside = included(discs)
    draw(alice_client, discs, BOX)
    found = included(discs)
    html = gesture(alice_client, discs, "correct", "60,60 60,80", remove="on").content.decode()
    assert "Taken away" in html
    after = included(discs)
    assert not after[60:81, 60].any() and (after | ~beside).all()
    assert Selection.objects.get().position == 4
    gesture(alice_client, discs, "correct", "60,60 60,80")
    assert included(discs)[60:81, 60].all()
    for _ in range(2):
        gesture(alice_client, discs, "undo")
    assert np.array_equal(included(discs), found)


def test_what_was_shown_comes_back_with_redo_and_in_another_tab(alice_client: Client, discs: Photo) -> None:
    """Not only the pixels: the first correction holds in the second, whoever makes it."""
    draw(alice_client, discs, BOX)
    gesture(alice_client, discs, "correct", "60,60", remove="on", tab="one", number=1)
    gesture(alice_client, discs, "undo")
    gesture(alice_client, discs, "undo")
    gesture(alice_client, discs, "redo")
    gesture(alice_client, discs, "redo")
    gesture(alice_client, discs, "correct", at(AWAY), tab="other", number=1)
    steps = Selection.objects.get().object_steps()
    assert [step.get("points") for step in steps] == [None, [[60, 60]], [[120, 150]]]
    assert not included(discs)[60, 60]


def test_what_was_undone_is_no_evidence(alice_client: Client, discs: Photo) -> None:
    draw(alice_client, discs, BOX)
    gesture(alice_client, discs, "correct", "60,60", remove="on")
    gesture(alice_client, discs, "undo")
    gesture(alice_client, discs, "correct", at(AWAY))
    assert included(discs)[60, 60] and included(discs)[150, 120]


def test_with_no_object_in_hand_adding_begins_one_and_removing_takes_away(alice_client: Client, discs: Photo) -> None:
    gesture(alice_client, discs, "correct", "45,70 60,80 75,90")
    assert overlap(included(discs), LEFT) > 0.8
    gesture(alice_client, discs, "clear")
    gesture(alice_client, discs, points=at(RIGHT))
    gesture(alice_client, discs, "correct", at(RIGHT), remove="on")
    assert not included(discs).any()


def test_a_correction_elsewhere_takes_away_what_it_points_at(alice_client: Client, discs: Photo) -> None:
    gesture(alice_client, discs, points=at(RIGHT))
    draw(alice_client, discs, BOX)
    gesture(alice_client, discs, "correct", at(RIGHT), remove="on")
    assert overlap(included(discs), LEFT) > 0.8


def test_the_click_before_a_double_click_leaves_no_step(alice_client: Client, discs: Photo) -> None:
    gesture(alice_client, discs, points=at(AWAY), tab="one", number=1)
    before = included(discs)
    for _ in range(2):  # as after a lost answer
        gesture(alice_client, discs, points=at(LEFT), tab="one", number=2)
    for _ in range(2):
        draw(alice_client, discs, at(LEFT), "tap", tab="one", number=3, instead_of=2)
    assert Selection.objects.get().position == Selection.objects.get().length == 2
    gesture(alice_client, discs, "undo")
    assert np.array_equal(included(discs), before)


def test_a_double_click_takes_back_nothing_that_another_tab_has_done(alice_client: Client, discs: Photo) -> None:
    gesture(alice_client, discs, points=at(LEFT), tab="one", number=1)
    gesture(alice_client, discs, points=at(AWAY), tab="other", number=1)
    draw(alice_client, discs, at(RIGHT), "tap", tab="one", number=2, instead_of=1)
    assert Selection.objects.get().position == 3
    assert included(discs)[150, 120]


def test_a_gesture_sent_twice_finds_one_object(alice_client: Client, discs: Photo) -> None:
    for _ in range(2):
        draw(alice_client, discs, BOX, tab="one", number=1)
    for _ in range(2):
        gesture(alice_client, discs, "correct", at(AWAY), tab="one", number=2)
    assert Selection.objects.get().position == 2


def test_a_selection_grows_to_the_object_that_it_is_part_of(alice_client: Client, discs: Photo) -> None:
    gesture(alice_client, discs, "paint", "55,75 65,85", level=60)
    assert overlap(included(discs), LEFT) < 0.6
    html = gesture(alice_client, discs, "grow_to_object").content.decode()
    assert "Grown to the object" in html
    assert overlap(included(discs), LEFT) > 0.8
    assert len(Selection.objects.get().object_steps()) == 1


@pytest.mark.parametrize("tool", ["grow_to_object", "larger", "smaller"])
def test_of_nothing_no_object_can_be_made(alice_client: Client, discs: Photo, tool: str) -> None:
    response = gesture(alice_client, discs, tool)
    assert response.status_code == 422
    assert "Select a part of the photo first" in response.content.decode()


def test_an_object_grows_and_shrinks(alice_client: Client, alice: Any) -> None:
    """A step back is the object before, to the superpixel."""
    photo = store_photo(image_file(skimage.data.astronaut()[::2, ::2]), "astronaut.jpg", owner=alice)
    gesture(alice_client, photo, points="75,200", level=100)
    sizes = [included(photo).sum()]
    for tool in ("larger", "larger", "smaller", "smaller"):
        gesture(alice_client, photo, tool)
        sizes.append(included(photo).sum())
    assert sizes[0] < sizes[1] < sizes[2] and sizes[3:] == sizes[1::-1]


def test_turning_the_photo_forgets_the_points_but_not_the_object(alice_client: Client, discs: Photo) -> None:
    draw(alice_client, discs, BOX)
    turn(discs)
    assert included(discs).shape == (240, 160) and included(discs).any()
    assert Selection.objects.get().object_steps() == []


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"start": "box", "points": "60,80"}, 422, "too few points"),
        ({"start": "box", "points": "60,80 60,80"}, 422, "holds nothing"),
        ({"start": "stroke", "points": "900,900 950,950"}, 422, "outside"),
        ({"start": "stroke", "points": "nan,1 1,1"}, 422, "lies nowhere"),
        ({"start": "circle", "points": "60,80"}, 400, ""),
        ({"start": "stroke", "points": " ".join(["1,1"] * 3000)}, 400, "too long"),
        ({"tool": "correct", "points": "900,900"}, 422, "outside"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    alice_client: Client, discs: Photo, fields: dict[str, str], status: int, sentence: str
) -> None:
    response = send(alice_client, discs, {"tool": "object", **fields})
    assert response.status_code == status and sentence in response.content.decode()
    assert not SelectionStep.objects.exists()


def ask(client: Client, photo: Photo, **fields: Any) -> Any:
    label_map = label_maps.get_or_compute(photo)
    return client.get(f"/photos/{photo.pk}/object/", {"label_map": label_map.pk, "level": 4, **fields})


def test_what_is_seen_before_it_is_done_is_what_is_done(alice_client: Client, bob_client: Client, discs: Photo) -> None:
    answer = ask(alice_client, discs, tool="object", start="box", points=BOX)
    assert not Selection.objects.exists()
    draw(alice_client, discs, BOX)
    selection = Selection.objects.get()
    assert answer.content == np.packbits(selection.superpixels.included).tobytes()
    ask(alice_client, discs, tool="correct", points="60,60", remove="on")
    assert Selection.objects.get().revision == selection.revision
    assert ask(bob_client, discs, tool="object", start="box", points=BOX).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"tool": "show"},
        {"tool": "toggle", "points": "60,80"},
        {"tool": "larger"},
        {"tool": "correct", "points": "60,80", "remove": "on"},
        {"tool": "object", "start": "box", "points": "60,80 60,80"},
    ],
)
def test_nothing_is_seen_of_what_is_no_object(alice_client: Client, discs: Photo, fields: dict[str, str]) -> None:
    assert ask(alice_client, discs, **fields).status_code == 204


def test_without_javascript_two_clicks_are_the_corners_of_a_box(alice_client: Client, discs: Photo) -> None:
    label_map = LabelMap.objects.get(pk=label_maps.get_or_compute(discs).pk)
    form = {"label_map": label_map.pk, "level": 40, "mode": "exclude", "click": "corner", "shown_width": 480}
    address = f"/photos/{discs.pk}/selection/"
    first = alice_client.post(address, {**form, "at.x": 50, "at.y": 90})
    assert not Selection.objects.exists()
    html = alice_client.get(first["Location"]).content.decode()
    assert 'name="corner" value="25.2,45.2"' in html and "Now the opposite corner" in html
    second = alice_client.post(address, {**form, "corner": "25.2,45.2", "at.x": 190, "at.y": 230})
    assert "corner" not in second["Location"]
    excluded = Selection.objects.get().superpixels.excluded[label_maps.load(label_map).labels]
    assert overlap(excluded, LEFT) > 0.8


@pytest.mark.parametrize("corner", ["x", "1", "1,2 3,4", "nan,1", "-1,5"])
def test_a_corner_that_cannot_be_read_is_none(alice_client: Client, discs: Photo, corner: str) -> None:
    html = alice_client.get(f"/photos/{discs.pk}/", {"corner": corner}).content.decode()
    assert 'name="corner"' not in html
