"""Selections by programs: reading, writing, every gesture, and two programs at once."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from PIL import Image

from curating.moving.coco_rle import Rle, decode, encode
from selector.models import Photo, Selection
from selector.people import Person
from selector.selection import tools
from selector.services import label_maps, selecting
from selector.services.objects import CannotBeDone
from selector.services.photos import store_photo
from tests.api.programs import Program, detail
from tests.pictures import image_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(alice: User) -> Program:
    return Program(alice)


def selection_of(photo: Photo) -> str:
    return f"/photos/{photo.pk}/selection"


def quarter(photo: Photo) -> np.ndarray[Any, Any]:
    mask = np.zeros((photo.height, photo.width), bool)
    mask[: photo.height // 2, : photo.width // 2] = True
    return mask


def as_json(mask: np.ndarray[Any, Any]) -> Rle:
    return encode(mask)


def test_what_is_written_is_read_by_program_and_workspace(program: Program, photo: Photo, alice: User) -> None:
    blank = program("GET", selection_of(photo)).json()
    assert blank["included"] == [] and blank["description"] == "Nothing is selected." and blank["updated"] is None
    written = program("PUT", selection_of(photo), {"included": [1, 2], "excluded": [5]})
    assert written.status_code == 200, written.content
    read = program("GET", selection_of(photo))
    assert (read.json()["included"], read.json()["excluded"]) == ([1, 2], [5])
    assert read.headers["ETag"] == f'"{read.json()["revision"]}"' == written.headers["ETag"]
    assert program("GET", selection_of(photo), **{"If_None_Match": read.headers["ETag"]}).status_code == 304
    row = selecting.selection_of(Person(user=alice), label_maps.get_or_compute(photo))
    assert np.flatnonzero(row.superpixels.included).tolist() == [1, 2]
    labels = label_maps.load(row.label_map).labels
    mask = decode(read.json()["mask"])
    assert np.array_equal(mask, np.isin(labels, [1, 2]))
    rows, columns = np.nonzero(mask)
    assert read.json()["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    undone = program("POST", f"{selection_of(photo)}/gestures", {"tool": "undo"}).json()
    assert undone["included"] == [] and undone["can_redo"] and undone["sentence"].startswith("Undone")


@pytest.mark.parametrize("scale", [1, 3])
def test_a_mask_and_a_polygon_select_what_lies_in_them_for_the_greater_part(
    program: Program, photo: Photo, scale: int
) -> None:
    label_map = label_maps.get_or_compute(photo)
    segmentation = label_maps.load(label_map)
    n = label_map.n_superpixels
    inside = np.bincount(segmentation.labels[quarter(photo)], minlength=n)
    expected = np.flatnonzero(2 * inside > segmentation.areas).tolist()
    large = quarter(photo).repeat(scale, 0).repeat(scale, 1)
    assert program("PUT", selection_of(photo), {"mask": as_json(large)}).json()["included"] == expected
    corners = [[0, 0], [photo.width / 2, 0], [photo.width / 2, photo.height / 2], [0, photo.height / 2]]
    body = {"polygon": corners, "mode": "exclude", "how": "add"}
    both = program("PUT", selection_of(photo), body).json()
    assert (both["included"], both["excluded"]) == ([], expected)
    assert program("PUT", selection_of(photo), {**body, "how": "remove"}).json()["excluded"] == []
    dot = np.zeros((photo.height, photo.width), bool)
    dot[7, 9] = True
    assert program("PUT", selection_of(photo), {"mask": as_json(dot)}).json()["included"] == [segmentation.labels[7, 9]]
    root = len(segmentation.hierarchy.parents) - 1
    assert program("PUT", selection_of(photo), {"node": root}).json()["share"] == 1


GESTURES: dict[str, dict[str, Any]] = {
    "toggle": {"points": [[20, 20]]},
    "paint": {"points": [[20, 20], [100, 20]]},
    "cover": {"box": [0, 0, 100, 80]},
    "grow": {"points": [[20, 20]]},
    "shrink": {"points": [[20, 20]]},
    "similar": {"points": [[20, 20]], "everywhere": True},
    "object": {"box": [5, 5, 110, 70]},
    "correct": {"points": [[200, 20]]},
}


def test_every_gesture_of_the_workspace_can_be_made(program: Program, photo: Photo, alice: User, bob: User) -> None:
    """And does what the workspace's own service does."""
    Photo.objects.update(is_public=True, owner=None)
    label_map = label_maps.get_or_compute(photo)
    assert set(GESTURES) == {*tools.actions(), tools.BEGIN, tools.CORRECT}
    asked = [{"tool": name, "level": 8, **how} for name, how in GESTURES.items()]
    asked += [{"tool": "object", "start": start, **how} for start, how in STARTS.items()]
    asked += [{"tool": "paint", "points": [[20, 20]], "remove": True, "level": 8}]
    asked += [{"tool": name} for name in tools.COMMANDS if name != "show"]
    for body in asked:
        told = program("POST", f"{selection_of(photo)}/gestures", body)
        points = body.get("points") or corners(body)
        made = tools.Gesture(
            tool=body["tool"], mode="include", level=body.get("level", 100), points=points,
            remove=body.get("remove", False), everywhere=body.get("everywhere", False),
            start=body.get("start", "box") if body["tool"] == "object" else "",
        )  # fmt: skip
        try:
            report = selecting.apply_gesture(Person(user=bob), label_map, made)
        except CannotBeDone as problem:
            assert told.status_code == 422 and detail(told) == str(problem)
        else:
            assert told.status_code == 200, (body, told.content)
            assert told.json()["included"] == np.flatnonzero(report.state.included).tolist(), body
            assert told.json()["sentence"] == report.sentence


STARTS: dict[str, dict[str, Any]] = {
    "loop": {"points": [[5, 5], [110, 5], [110, 70], [5, 70]]},
    "stroke": {"points": [[20, 20], [80, 40]]},
    "tap": {"points": [[180, 120]]},
}


def corners(body: dict[str, Any]) -> list[tuple[float, float]]:
    if "box" not in body:
        return []
    left, top, right, bottom = body["box"]
    two = [(left, top), (right, bottom)]
    return two if body["tool"] == "object" else [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_an_object_is_seen_before_it_is_selected(program: Program, photo: Photo) -> None:
    body = {"tool": "object", "box": [5, 5, 110, 70]}
    seen = program("POST", f"{selection_of(photo)}/anticipated", body).json()
    assert seen["found"] and not Selection.objects.exists()
    done = program("POST", f"{selection_of(photo)}/gestures", body).json()
    assert seen["superpixels"] == done["included"] and seen["mask"] == done["mask"] and seen["box"] == done["box"]


def test_of_two_programs_that_change_one_selection_the_second_is_told(program: Program, photo: Photo) -> None:
    gestures = f"{selection_of(photo)}/gestures"
    read = program("GET", selection_of(photo)).headers["ETag"]
    first = program("POST", gestures, {"tool": "toggle", "points": [[20, 20]]}, If_Match=read)
    assert first.status_code == 200
    for refused in (
        program("POST", gestures, {"tool": "toggle", "points": [[200, 20]]}, If_Match=read),
        program("PUT", selection_of(photo), {"included": [3]}, If_Match=read),
        program("PUT", selection_of(photo), {"included": [3]}, If_Match='"made-up"'),
    ):
        assert refused.status_code == 412 and "has changed since you read it" in detail(refused)
    now = program("GET", selection_of(photo))
    assert now.json()["included"] == first.json()["included"]
    again = program("PUT", selection_of(photo), {"included": [3]}, If_Match=f'"other", {now.headers["ETag"]}')
    assert again.status_code == 200 and again.json()["included"] == [3]
    assert program("PUT", selection_of(photo), {"included": [4]}, If_Match="*").status_code == 200


def test_a_gesture_that_is_sent_twice_with_one_key_is_made_once(program: Program, photo: Photo) -> None:
    body = {"tool": "toggle", "points": [[20, 20]], "level": 8}
    first, second = (program("POST", f"{selection_of(photo)}/gestures", body, Idempotency_Key="one") for _ in range(2))
    assert first.json()["included"] == second.json()["included"] != []
    assert Selection.objects.get().length == 1
    address = f"{selection_of(photo)}/gestures"
    for path, said in ((address, {**body, "points": [[60, 60]]}), (f"{address}?masks=false", body)):
        refused = program("POST", path, said, Idempotency_Key="one")
        assert refused.status_code == 422 and "Another request was sent with this key" in detail(refused)
    assert Selection.objects.get().length == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "in one way"),
        ({"included": [1], "node": 1}, "in one way"),
        ({"included": [9999]}, "no such superpixel"),
        ({"included": [-1]}, "greater than or equal to 0"),
        ({"node": 65000}, "no such node"),
        ({"polygon": [[0, 0], [9000, 0], [0, 9]]}, "outside"),
        ({"polygon": []}, "outside"),
        ({"mask": {"size": [2, 2], "counts": "1"}}, "no runs"),
        ({"mask": {"size": [2, 2], "counts": "o" * 999}}, "no runs"),
        ({"mask": {"size": [2, 2], "counts": "ä"}}, "no runs"),
        ({"mask": {"size": [10**6, 10**6], "counts": "1"}}, "larger than any photo"),
        ({"mask": {"size": [-2, -2], "counts": "4"}}, "larger than any photo"),
    ],
)
def test_what_cannot_be_selected_is_said(program: Program, photo: Photo, body: Any, words: str) -> None:
    refused = program("PUT", selection_of(photo), body)
    assert refused.status_code == 422 and words in detail(refused)
    assert not Selection.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"tool": "toggle"}, "Say where"),
        ({"tool": "toggle", "points": [[900, 20]]}, "outside the photo"),
        ({"tool": "toggle", "box": [1, 1, 2, 2]}, "goes with the tools"),
        ({"tool": "wand", "points": [[1, 1]]}, "tool: There are"),
        ({"tool": "larger"}, "Select a part of the photo first"),
        ({"tool": "toggle", "points": [[1, 1]], "level": 0}, "level: "),
        ('{"tool": "toggle", "points": [[NaN, 1]]}', "finite"),
    ],
)
def test_a_gesture_that_means_nothing_is_refused(program: Program, photo: Photo, body: Any, words: str) -> None:
    refused = program("POST", f"{selection_of(photo)}/gestures", body)
    assert refused.status_code == 422 and words in detail(refused), detail(refused)


def test_selections_are_nobody_elses(program: Program, photo: Photo, bob: User) -> None:
    program("PUT", selection_of(photo), {"included": [1]})
    stranger = Program(bob)
    gesture = {"tool": "toggle", "points": [[20, 20]]}
    for refused in (
        stranger("GET", selection_of(photo)),
        stranger("PUT", selection_of(photo), {"included": [2]}),
        stranger("POST", f"{selection_of(photo)}/gestures", gesture),
        stranger("POST", f"{selection_of(photo)}/anticipated", gesture),
        stranger("GET", f"/photos/{photo.pk}/labels"),
        stranger("GET", f"/photos/{photo.pk}/picture"),
    ):
        assert refused.status_code == 404
    assert stranger("GET", "/selections").json()["selections"] == []
    assert [row["included"] for row in program("GET", "/selections").json()["selections"]] == [[1]]
    # On a public photo each has their own.
    Photo.objects.update(is_public=True, owner=None)
    assert stranger("GET", selection_of(photo)).json()["included"] == []
    reader = Program(bob, "read")
    assert reader("PUT", selection_of(photo), {"included": [2]}).status_code == 403
    assert program("GET", selection_of(photo)).json()["included"] == [1]


def test_a_label_map_comes_at_any_level_and_in_every_form(program: Program, photo: Photo) -> None:
    segmentation = label_maps.load(label_maps.get_or_compute(photo))
    address = f"/photos/{photo.pk}/labels"
    expected = segmentation.hierarchy.cut(4)[segmentation.labels]
    png = program("GET", address, {"level": 4}, Accept="image/png")
    assert png.headers["Content-Type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png.content))), expected)
    runs = program("GET", address, {"level": 4, "labels": "rle"}).json()
    assert np.array_equal(np.repeat(runs["labels"]["values"], runs["labels"]["counts"]), expected.reshape(-1))
    assert (runs["n_segments"], len(runs["segments"]), len(runs["regions"])) == (4, 4, runs["n_superpixels"])
    assert program("GET", address, {"level": 4, "labels": "lists"}).json()["labels"]["rows"] == expected.tolist()
    whole = program("GET", address)
    assert whole.json()["n_segments"] == whole.json()["n_superpixels"]
    assert whole.json()["merge_tree"] == segmentation.hierarchy.parents.tolist()
    stored = Image.open(io.BytesIO(base64.b64decode(whole.json()["labels"]["data"])))
    assert np.array_equal(np.asarray(stored), segmentation.labels)
    assert program("GET", address, If_None_Match=whole.headers["ETag"]).status_code == 304
    picture = program("GET", f"/photos/{photo.pk}/picture")
    assert Image.open(io.BytesIO(picture.content)).size == (photo.width, photo.height)


def test_a_turned_photo_has_another_label_map_and_the_old_revision_is_over(program: Program, alice: User) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    before = program("PUT", selection_of(photo), {"included": [0]})
    program("POST", f"/photos/{photo.pk}/turn")
    refused = program("PUT", selection_of(photo), {"included": [1]}, If_Match=before.headers["ETag"])
    assert refused.status_code == 412
    assert program("GET", selection_of(photo)).json()["included"] == [0]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"included=1", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"included": [1], "how": "\\ud800"}', "application/json", 422),
        (b'{"included": [' + b"1," * 1_100_000 + b"1]}", "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(
    program: Program, photo: Photo, body: bytes, content_type: str, status: int
) -> None:
    address = f"/api/v1{selection_of(photo)}"
    refused = program.client.put(address, body, content_type=content_type, headers=program.headers)
    assert refused.status_code == status and detail(refused)
    form = program.client.post("/api/v1/searches", {"image": 1}, headers=program.headers)
    assert form.status_code == 415
