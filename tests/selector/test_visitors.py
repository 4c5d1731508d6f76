"""Visitors: known with the first thing of theirs, and for as long as they come."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from selector.models import Photo, Visitor
from selector.people import DAY_KEY, SESSION_KEY
from selector.services import label_maps
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def upload(client: Client, data: bytes | None = None, **headers: Any) -> Any:
    return client.post("/photos/", {"image": SimpleUploadedFile("a.jpg", data or image_file())}, **headers)


def come_again_another_day(client: Client) -> None:
    session = client.session
    session[DAY_KEY] = "2020-01-01"
    session.save()
    Session.objects.update(expire_date=timezone.now() + datetime.timedelta(days=3))
    Visitor.objects.update(last_seen=LONG_AGO)


def test_the_first_upload_makes_a_visitor(client: Client) -> None:
    upload(client)
    assert Visitor.objects.get().pk == Photo.objects.get().visitor == uuid.UUID(client.session[SESSION_KEY])


def test_what_is_refused_makes_none(client: Client, photo: Photo) -> None:
    assert upload(client, b"Dear Sir or Madam").status_code == 422
    Photo.objects.update(is_public=True, owner=None)
    outside = {"label_map": label_maps.get_or_compute(photo).pk, "points": "9999,9999"}
    assert client.post(f"/photos/{photo.pk}/selection/", outside).status_code == 422
    assert client.post(f"/shared/{'x' * 32}/open/").status_code == 404
    assert (
        not Visitor.objects.exists()
        and not Session.objects.exists()
        and not client.cookies.get(settings.SESSION_COOKIE_NAME)
    )


def test_a_gesture_makes_one(client: Client, photo: Photo) -> None:
    Photo.objects.update(is_public=True, owner=None)
    click = {"label_map": label_maps.get_or_compute(photo).pk, "points": "60,40"}
    assert client.post(f"/photos/{photo.pk}/selection/", click).status_code == 302
    assert str(Visitor.objects.get().pk) == client.session[SESSION_KEY]


def test_a_session_that_is_used_is_renewed_once_a_day(client: Client) -> None:
    upload(client)
    come_again_another_day(client)
    response = client.get("/photos/")
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 180 * 24 * 3600
    assert Session.objects.get().expire_date > timezone.now() + datetime.timedelta(days=179)
    assert Visitor.objects.get().last_seen > timezone.now() - datetime.timedelta(minutes=5)
    assert settings.SESSION_COOKIE_NAME not in client.get("/photos/").cookies


def test_so_is_that_of_an_account(alice_client: Client) -> None:
    alice_client.get("/photos/")
    come_again_another_day(alice_client)
    assert settings.SESSION_COOKIE_NAME in alice_client.get("/photos/").cookies
    assert settings.SESSION_COOKIE_NAME not in alice_client.get("/photos/").cookies
    assert not Visitor.objects.exists()


def test_who_owns_nothing_gets_no_session(client: Client) -> None:
    assert settings.SESSION_COOKIE_NAME not in client.get("/photos/").cookies
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    assert client.get("/gallery/").cookies[settings.SESSION_COOKIE_NAME].value == "", (
        "one that means nothing is taken back"
    )
    assert not Session.objects.exists()


def test_at_sign_in_the_visitor_becomes_the_account(client: Client, alice: Any) -> None:
    upload(client)
    client.post("/accounts/login/", {"login": "alice", "password": "a-long-passphrase"})
    assert Photo.objects.get().owner == alice
    assert not Visitor.objects.exists()


def test_too_many_from_one_address_wait(settings: Any) -> None:
    settings.VISITORS_A_MINUTE = 2
    first, *others = (Client() for _ in range(4))
    assert [upload(client).status_code for client in (first, *others)] == [302, 302, 429, 429]
    response = upload(Client(), headers={"HX-Request": "true"})
    assert response.headers["Retry-After"] == "60" and "Wait a minute" in response.content.decode()
    assert Visitor.objects.count() == Photo.objects.count() == 2
    assert upload(first).status_code == 302, "who is known already is let in"
    assert upload(Client(REMOTE_ADDR="192.0.2.7")).status_code == 302


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [302, 429, 429]), (1, [302, 302, 429])])
def test_behind_a_proxy_people_are_told_apart_by_what_it_adds(settings: Any, proxies: int, statuses: list[int]) -> None:
    settings.VISITORS_A_MINUTE, settings.TRUSTED_PROXIES = 1, proxies
    added = ["192.0.2.1", "198.51.100.9, 192.0.2.2", "203.0.113.5, 192.0.2.2"]
    assert [upload(Client(), headers={"X-Forwarded-For": said}).status_code for said in added] == statuses


def test_who_is_refused_something_is_no_visitor_yet(settings: Any) -> None:
    settings.VISITORS_A_MINUTE = 1
    for _ in range(3):
        file = SimpleUploadedFile("photo.jpg", b"no picture")
        assert Client().post("/photos/", {"image": file}).status_code == 422
    assert upload(Client()).status_code == 302
