"""What a tab is told that comes to the front: nothing, or what another tab has made of the selection."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from selector.models import Photo, Selection
from selector.services import label_maps

pytestmark = pytest.mark.django_db


def ask(client: Client, photo: Photo, version: str = "", **more: Any) -> Any:
    query = {"label_map": label_maps.get_or_compute(photo).pk, "version": version, **more}
    return client.get(f"/photos/{photo.pk}/selection/now/", query, headers={"HX-Request": "true"})


def gesture(client: Client, photo: Photo, tool: str, points: str = "") -> str:
    """The version after a gesture."""
    data = {"label_map": label_maps.get_or_compute(photo).pk, "tool": tool, "points": points, "level": 4}
    assert client.post(f"/photos/{photo.pk}/selection/", data, headers={"HX-Request": "true"}).status_code == 200
    return Selection.objects.get().revision


def test_a_tab_that_knows_is_told_nothing(alice_client: Client, photo: Photo) -> None:
    version = gesture(alice_client, photo, "toggle", "60,40")
    response = ask(alice_client, photo, version)
    assert (response.status_code, response.content) == (204, b"")
    assert "no-store" in response.headers["Cache-Control"]


def test_a_page_comes_with_the_version_it_shows(alice_client: Client, photo: Photo) -> None:
    gesture(alice_client, photo, "toggle", "60,40")
    version = gesture(alice_client, photo, "undo")
    assert f'data-version="{version}"' in alice_client.get(f"/photos/{photo.pk}/").content.decode()
    assert ask(alice_client, photo, version).status_code == 204


def test_a_tab_that_lags_behind_is_told_all(alice_client: Client, photo: Photo) -> None:
    version = gesture(alice_client, photo, "toggle", "60,40")
    now = gesture(alice_client, photo, "toggle", "180,40")
    html = ask(alice_client, photo, version, draws="on").content.decode()
    assert f'data-version="{now}"' in html
    assert "Changed in another window. 50% selected." in html
    assert "<img" not in html
    assert 'id="tint"' in ask(alice_client, photo, version).content.decode()


def test_undo_and_redo_change_the_version_even_when_the_pixels_come_back(alice_client: Client, photo: Photo) -> None:
    """For the buttons, which say what can be undone."""
    seen = [gesture(alice_client, photo, "toggle", "60,40") for _ in range(3)]
    seen.append(gesture(alice_client, photo, "undo"))
    assert len(set(seen)) == 4


def test_asking_costs_few_queries(alice_client: Client, photo: Photo, django_assert_num_queries: Any) -> None:
    version = gesture(alice_client, photo, "toggle", "60,40")
    query: dict[str, int | str] = {"label_map": label_maps.get_or_compute(photo).pk, "version": version}
    # Session, account, label map with photo, selection.
    with django_assert_num_queries(4):
        alice_client.get(f"/photos/{photo.pk}/selection/now/", query)


def test_strangers_other_verbs_and_nonsense(alice_client: Client, bob_client: Client, photo: Photo) -> None:
    assert ask(bob_client, photo).status_code == 404
    assert alice_client.post(f"/photos/{photo.pk}/selection/now/").status_code == 405
    assert ask(alice_client, photo, label_map="x").status_code == 400
    response = ask(alice_client, photo, label_map=10**6)
    assert response.status_code == 409
    assert "another window" in response.content.decode()
