"""Selecting through the site: clicks, strokes, history, and who owns what."""

from __future__ import annotations

import base64
import io
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections
from django.test import Client
from PIL import Image

from selector.arrays import Rgb
from selector.models import HISTORY_LENGTH, LabelMap, Photo, Selection
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.turning import turn
from tests.pictures import RED, image_file, quarters

pytestmark = pytest.mark.django_db

RED_QUARTER, GREEN_QUARTER, BLUE_QUARTER = "60,40", "180,40", "60,120"


def gesture(
    client: Client, photo: Photo, tool: str = "toggle", points: str = "", htmx: bool = True, **more: Any
) -> Any:
    return send(client, photo, {"tool": tool, "points": points, **more}, htmx=htmx)


def send(client: Client, photo: Photo, fields: dict[str, Any], *, htmx: bool = True) -> Any:
    data = {"label_map": label_maps.get_or_compute(photo).pk, "level": 4, **fields}
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/photos/{photo.pk}/selection/", data, headers=headers)


def included(photo: Photo) -> np.ndarray:
    """The included pixels, bool (H, W)."""
    selection = Selection.objects.get()
    return selection.superpixels.included[label_maps.load(selection.label_map).labels]


def tint_of(html: str, name: str = "tint") -> np.ndarray:
    """The pixels that a layer of an answer covers, bool (H, W)."""
    (png,) = re.findall(rf'id="{name}"[^>]*?base64,([^"]+)"', html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"))[..., 3] > 0


def is_quarter(mask: np.ndarray, x: int, y: int) -> bool:
    """Whether a mask is the quarter around a point, but for a pixel or two along its border."""
    expected = np.zeros((160, 240), bool)
    expected[y // 80 * 80 : y // 80 * 80 + 80, x // 120 * 120 : x // 120 * 120 + 120] = True
    return bool((mask ^ expected).mean() < 0.01)


def test_a_click_selects_the_region_under_it(alice_client: Client, photo: Photo) -> None:
    response = gesture(alice_client, photo, points=RED_QUARTER)
    assert is_quarter(included(photo), 60, 40)
    assert np.array_equal(tint_of(response.content.decode()), included(photo))
    assert "Region added, 25% selected." in response.content.decode()


def test_a_browser_that_draws_is_sent_the_state_alone(alice_client: Client, photo: Photo) -> None:
    html = gesture(alice_client, photo, points=RED_QUARTER, draws="on").content.decode()
    assert "<img" not in html
    (state,) = re.findall(r'id="state" value="([^"]+)"', html)
    assert base64.b64decode(state) == bytes(Selection.objects.get().state)
    assert any(base64.b64decode(state))


def test_a_second_click_takes_it_back(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(alice_client, photo, points=RED_QUARTER)
    assert not included(photo).any()


def test_a_partly_selected_region_becomes_whole(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER, level=40)
    assert 0 < included(photo).mean() < 0.2
    gesture(alice_client, photo, points=RED_QUARTER, level=4)
    assert is_quarter(included(photo), 60, 40)


def test_excluding_is_a_layer_of_its_own(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    html = gesture(alice_client, photo, points=GREEN_QUARTER, mode="exclude").content.decode()
    assert is_quarter(tint_of(html), 60, 40)
    assert tint_of(html, "tint-excluded")[:80, 120:].any()
    assert "25% selected, 25% excluded." in html


def test_a_stroke_selects_what_it_crosses_and_removes_it(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, "paint", f"{RED_QUARTER} {GREEN_QUARTER}")
    assert included(photo)[:80].mean() > 0.98
    gesture(alice_client, photo, "paint", GREEN_QUARTER, remove="on")
    assert is_quarter(included(photo), 60, 40)


def test_undo_and_redo_walk_through_the_history(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(alice_client, photo, points=BLUE_QUARTER)
    gesture(alice_client, photo, "undo")
    assert is_quarter(included(photo), 60, 40)
    gesture(alice_client, photo, "undo")
    assert not included(photo).any()
    for _ in range(2):
        gesture(alice_client, photo, "redo")
    assert included(photo)[:, :120].mean() > 0.98
    assert "nothing to redo" in gesture(alice_client, photo, "redo").content.decode()


def test_a_new_gesture_after_undo_forgets_what_was_undone(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(alice_client, photo, "undo")
    gesture(alice_client, photo, points=BLUE_QUARTER)
    assert "nothing to redo" in gesture(alice_client, photo, "redo").content.decode()
    assert is_quarter(included(photo), 60, 120)


def test_clear_and_invert_are_steps_of_the_history_too(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(alice_client, photo, "invert")
    assert is_quarter(~included(photo), 60, 40)
    gesture(alice_client, photo, "clear")
    assert not included(photo).any()
    gesture(alice_client, photo, "undo")
    gesture(alice_client, photo, "undo")
    assert is_quarter(included(photo), 60, 40)


def test_the_history_is_long_but_bounded(alice_client: Client, photo: Photo, monkeypatch: Any) -> None:
    assert HISTORY_LENGTH >= 200
    monkeypatch.setattr("selector.models.selections.HISTORY_LENGTH", 5)
    for _ in range(8):
        gesture(alice_client, photo, points=RED_QUARTER)
    selection = Selection.objects.get()
    assert selection.steps.count() == 5
    for _ in range(9):
        gesture(alice_client, photo, "undo")
    assert Selection.objects.get().position == 3


def test_a_gesture_sent_twice_is_applied_once(alice_client: Client, photo: Photo) -> None:
    for _ in range(2):
        response = gesture(alice_client, photo, points=RED_QUARTER, tab="left", number=1)
    assert response.status_code == 200
    assert is_quarter(included(photo), 60, 40)
    gesture(alice_client, photo, points=RED_QUARTER, tab="right", number=1)
    assert not included(photo).any()


def test_an_undo_sent_twice_is_applied_once(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER, tab="left", number=1)
    gesture(alice_client, photo, points=BLUE_QUARTER, tab="left", number=2)
    for _ in range(2):
        gesture(alice_client, photo, "undo", tab="left", number=3)
    assert is_quarter(included(photo), 60, 40)


def test_everything_is_there_again_after_a_reload(alice_client: Client, photo: Photo) -> None:
    answer = gesture(alice_client, photo, points=RED_QUARTER).content.decode()
    page = alice_client.get(f"/photos/{photo.pk}/?level=4").content.decode()
    assert np.array_equal(tint_of(page), tint_of(answer))
    assert 'value="4"' in page


def test_the_sessions_of_an_account_share_a_selection(alice: Any, alice_client: Client, photo: Photo) -> None:
    other = Client()
    other.force_login(alice)
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(other, photo, points=BLUE_QUARTER)
    assert Selection.objects.count() == 1
    assert included(photo)[:, :120].mean() > 0.98


def test_two_people_on_a_public_photo_do_not_meet(alice_client: Client, client: Client, photo: Photo) -> None:
    Photo.objects.update(is_public=True, owner=None)
    gesture(alice_client, photo, points=RED_QUARTER)
    html = gesture(client, photo, points=BLUE_QUARTER).content.decode()
    assert is_quarter(tint_of(html), 60, 120)
    assert Selection.objects.count() == 2


def test_a_stranger_gets_404(bob_client: Client, photo: Photo) -> None:
    label_map = label_maps.get_or_compute(photo)
    assert gesture(bob_client, photo, points=RED_QUARTER).status_code == 404
    for name in ("labels", "tree", "colours", "outline/4.png"):
        assert bob_client.get(f"/photos/{photo.pk}/label-maps/{label_map.pk}/{name}").status_code == 404
    assert bob_client.get(f"/photos/{photo.pk}/preview.png").status_code == 404
    assert bob_client.post(f"/photos/{photo.pk}/rotate/").status_code == 404
    assert bob_client.post("/photos/delete/", {"photo": photo.pk, "confirmed": "on"}).status_code == 404


@pytest.mark.parametrize("points", ["", "400,40", "60,-1", "here", "1,2,3", "nan,nan", "inf,1", "1,1 " * 2001])
def test_bad_coordinates_get_a_sentence_and_change_nothing(alice_client: Client, photo: Photo, points: str) -> None:
    response = gesture(alice_client, photo, points=points)
    assert 400 <= response.status_code < 500
    assert b'class="message error"' in response.content
    assert not Selection.objects.exclude(position=0).exists()


def test_a_click_may_name_the_part_that_it_means(alice_client: Client, photo: Photo) -> None:
    tree = label_maps.load(label_maps.get_or_compute(photo)).hierarchy
    gesture(alice_client, photo, points=RED_QUARTER, node=len(tree.parents) - 1)
    assert included(photo).all()
    gesture(alice_client, photo, "clear")
    gesture(alice_client, photo, "grow", points=RED_QUARTER, node=len(tree.parents) - 1)
    assert included(photo).all()


@pytest.mark.parametrize("node", ["-1", "x", "99999999", "65535", "elsewhere"])
def test_a_part_that_is_not_under_the_point_is_refused(alice_client: Client, photo: Photo, node: str) -> None:
    labels = label_maps.load(label_maps.get_or_compute(photo)).labels
    given = str(labels[-1, -1]) if node == "elsewhere" else node
    response = gesture(alice_client, photo, points=RED_QUARTER, node=given)
    assert response.status_code in (400, 422)
    assert b'class="message error"' in response.content
    assert not Selection.objects.exclude(position=0).exists()


def test_the_mean_colours_are_sent_as_the_server_computes_with_them(alice_client: Client, photo: Photo) -> None:
    label_map = label_maps.get_or_compute(photo)
    sent = alice_client.get(f"/photos/{photo.pk}/label-maps/{label_map.pk}/colours").content
    colours = np.frombuffer(sent, "<i2").reshape(-1, 3) / 16
    assert np.array_equal(colours, label_maps.mean_colours(label_map))


@pytest.mark.parametrize("wrong", [{"tool": "explode"}, {"mode": "maybe"}, {"level": "-4"}, {"label_map": "x"}])
def test_other_bad_input_gets_a_sentence(alice_client: Client, photo: Photo, wrong: dict[str, str]) -> None:
    response = send(alice_client, photo, {"tool": "toggle", "points": RED_QUARTER, **wrong})
    assert response.status_code == 400
    assert b'class="message error"' in response.content


def test_a_photo_turned_meanwhile_answers_409(alice_client: Client, photo: Photo) -> None:
    old = label_maps.get_or_compute(photo).pk
    assert alice_client.post(f"/photos/{photo.pk}/rotate/").status_code == 302
    response = gesture(alice_client, photo, points=RED_QUARTER, label_map=old)
    assert response.status_code == 409
    assert "another window" in response.content.decode()


def test_turning_makes_a_new_working_copy_upright(alice_client: Client, photo: Photo) -> None:
    alice_client.post(f"/photos/{photo.pk}/rotate/")
    photo.refresh_from_db()
    assert (photo.width, photo.height) == (160, 240)
    pixels = np.asarray(Image.open(io.BytesIO(alice_client.get(photo.working_url).content)))
    assert pixels[20, 20].argmax() == 2  # The blue quarter has come to the upper left.


def test_a_selection_is_turned_with_its_photo_and_undone_as_before(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    gesture(alice_client, photo, points=BLUE_QUARTER)
    before = included(photo)
    assert alice_client.post(f"/photos/{photo.pk}/rotate/").status_code == 302
    photo.refresh_from_db()
    assert np.array_equal(included(photo), np.rot90(before, -1))
    gesture(alice_client, photo, "undo")
    assert is_quarter(np.rot90(included(photo)), 60, 40)


def test_four_quarters_make_the_same_label_map_again(photo: Photo, django_capture_on_commit_callbacks: Any) -> None:
    first = label_maps.get_or_compute(photo)
    labels = label_maps.load(first).labels
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(4):
            turn(photo)
    photo.refresh_from_db()
    last = label_maps.get_or_compute(photo)
    assert last.pk != first.pk and last.working_sha256 == first.working_sha256
    assert np.array_equal(label_maps.load(last).labels, labels)
    # Of what was stored in between nothing is left.
    stored = Path(last.labels.path)
    assert list(stored.parent.iterdir()) == [stored]


def test_a_picture_that_looks_the_same_from_all_sides_can_be_turned(alice: Any, few_superpixels: None) -> None:
    photo = store_photo(image_file(np.full((64, 64, 3), 90, np.uint8)), "grey.jpg", owner=alice)
    label_map = label_maps.get_or_compute(photo)
    turn(photo)
    photo.refresh_from_db()
    assert photo.quarter_turns == 1 and label_maps.get_or_compute(photo) == label_map
    assert photo.working.storage.exists(str(photo.working.name))


def test_deleting_a_photo_takes_everything_with_it(
    alice_client: Client, photo: Photo, django_capture_on_commit_callbacks: Any
) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    label_map = label_maps.get_or_compute(photo)
    files = [Path(file.path) for file in (photo.original, photo.working, label_map.labels)]
    assert all(file.exists() for file in files)
    with django_capture_on_commit_callbacks(execute=True):
        assert alice_client.post("/photos/delete/", {"photo": photo.pk, "confirmed": "on"}).status_code == 302
    assert not Photo.objects.exists() and not Selection.objects.exists()
    assert not any(file.exists() for file in files)


def test_without_javascript_a_click_comes_in_displayed_pixels(alice_client: Client, photo: Photo) -> None:
    response = gesture(alice_client, photo, htmx=False, **{"at.x": "30", "at.y": "20", "shown_width": "120"})
    assert response.status_code == 302
    assert response.url.endswith("?level=4")
    assert is_quarter(included(photo), 60, 40)


def test_enter_is_no_click(alice_client: Client, photo: Photo) -> None:
    """A browser presses the first submit button of the form, which must be the one that changes nothing."""
    page = alice_client.get(f"/photos/{photo.pk}/").content.decode()
    form = page[page.index('id="workspace"') :]
    assert 'name="tool" value="show"' in form[form.index("<button") :].partition(">")[0]
    assert gesture(alice_client, photo, "show", htmx=False).status_code == 302
    assert not Selection.objects.exclude(position=0).exists()


def test_the_preview_shows_the_selected_portion_on_white(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    png = alice_client.get(f"/photos/{photo.pk}/preview.png").content
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    mask = included(photo)
    assert (pixels[~mask] == 255).all()
    assert abs(pixels[mask].mean(axis=0) - (200, 40, 40)).max() < 8


def test_the_portion_in_its_original_size_has_the_colours_of_the_original(
    alice: Any, alice_client: Client, few_superpixels: None, monkeypatch: Any
) -> None:
    photo = store_photo(image_file(quarters(1536, 1024)), "large.jpg", owner=alice)
    gesture(alice_client, photo, points="256,170")
    # The edge is made on the working copy, and nothing else.
    grey = np.full((photo.height, photo.width, 3), 128, np.uint8)
    monkeypatch.setattr("selector.services.photos.working_copy", lambda photo: grey)
    answer = alice_client.get(f"/photos/{photo.pk}/preview.png?size=original")
    pixels = np.asarray(Image.open(io.BytesIO(answer.getvalue())).convert("RGB"))
    assert pixels.shape == (1024, 1536, 3)
    assert abs(pixels[100:400, 100:600].mean(axis=(0, 1)) - RED).max() < 8
    assert (pixels[600:, 800:] == 255).all()


def test_the_label_array_is_what_the_server_computes_with(alice_client: Client, photo: Photo) -> None:
    import gzip

    label_map = label_maps.get_or_compute(photo)
    response = alice_client.get(f"/photos/{photo.pk}/label-maps/{label_map.pk}/labels")
    assert response.headers["Content-Encoding"] == "gzip"
    labels = np.frombuffer(gzip.decompress(response.content), "<u2").reshape(160, 240)
    assert np.array_equal(labels, label_maps.load(label_map).labels)


def test_a_click_costs_few_queries_and_always_as_many(
    alice_client: Client, photo: Photo, django_assert_num_queries: Any
) -> None:
    gesture(alice_client, photo, points=RED_QUARTER)
    data = {"label_map": label_maps.get_or_compute(photo).pk, "points": RED_QUARTER, "level": 4}
    for _ in range(3):
        # Session, account, label map with photo, the row's lock, the step, the row; and the transaction around them.
        with django_assert_num_queries(8):
            alice_client.post(f"/photos/{photo.pk}/selection/", data, headers={"HX-Request": "true"})


def test_the_other_verb_is_refused(alice_client: Client, photo: Photo) -> None:
    for name in ("selection", "rotate"):
        assert alice_client.get(f"/photos/{photo.pk}/{name}/").status_code == 405
    assert alice_client.post(f"/photos/{photo.pk}/").status_code == 405
    assert alice_client.post(f"/photos/{photo.pk}/preview.png").status_code == 405
    assert alice_client.delete("/photos/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_time_are_all_counted(alice: Any, photo: Photo) -> None:
    points = [f"{x},{y}" for x in (30, 90, 150, 210) for y in (20, 60, 100, 140)]
    label_map = label_maps.get_or_compute(photo).pk

    def click(mine: list[str]) -> None:
        client = Client()
        client.force_login(alice)
        for point in mine:
            data = {"label_map": label_map, "points": point, "level": 10_000}
            assert client.post(f"/photos/{photo.pk}/selection/", data).status_code == 302
        connections.close_all()

    threads = [threading.Thread(target=click, args=(points[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    selection = Selection.objects.get()
    assert selection.position == len(points)
    labels = label_maps.load(selection.label_map).labels
    expected = {labels[int(y), int(x)] for x, y in (point.split(",") for point in points)}
    assert set(np.flatnonzero(selection.superpixels.included)) == expected


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_compute_the_superpixels_once(photo: Photo, monkeypatch: Any) -> None:
    computed: list[Photo] = []
    compute = label_maps._compute

    def noted(photo: Photo, key: dict[str, object], pixels: Callable[[], Rgb] | None) -> LabelMap:
        computed.append(photo)
        return compute(photo, key, pixels)

    monkeypatch.setattr(label_maps, "_compute", noted)
    start = threading.Barrier(3)

    def ask() -> None:
        start.wait()
        label_maps.get_or_compute(photo)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(computed) == 1
