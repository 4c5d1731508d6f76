"""Cookies of the site's own, and those of earlier versions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from selector.models import Photo
from superpixel_site import setting_values
from tests.pictures import image_file

pytestmark = pytest.mark.django_db


def upload(client: Client) -> Photo:
    client.post("/photos/", {"image": SimpleUploadedFile("mine.jpg", image_file())})
    return Photo.objects.get()


def with_former_cookie(client: Client, name: str = "sessionid") -> Client:
    """The browser of the same person, who was here before the cookie had today's name."""
    before = Client()
    before.cookies[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return before


def test_names_tell_sites_on_one_host_apart() -> None:
    names = {setting_values.cookie_name("session", key, https=False, path="/") for key in ("one", "another")}
    assert len(names) == 2 and "sessionid" not in names
    assert setting_values.cookie_name("csrf", "one", https=True, path="/images").startswith("__Secure-")


def test_no_cookie_has_a_name_that_other_sites_use(client: Client, few_superpixels: None) -> None:
    upload(client)
    client.get("/accounts/login/")
    assert len(client.cookies) == 2
    assert all(name.startswith("superpixels_") for name in client.cookies)
    client.post("/photos/delete/", {"photo": str(Photo.objects.get().pk), "confirmed": "on"})
    assert len(client.cookies) == 3, "a message"
    assert all(name.startswith("superpixels_") for name in client.cookies)


def test_pages_say_where_scripts_find_the_token(client: Client) -> None:
    page = client.get("/").content.decode()
    assert f'<meta name="csrf-cookie" content="{settings.CSRF_COOKIE_NAME}">' in page
    client.get("/accounts/login/")
    assert settings.CSRF_COOKIE_NAME in client.cookies


@pytest.mark.parametrize("name", ["sessionid", "superpixels_before_https"])
def test_a_visitor_from_before_the_update_keeps_their_photos(
    client: Client, few_superpixels: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(settings, "FORMER_SESSION_COOKIES", ["sessionid", "superpixels_before_https"])
    photo = upload(client)
    before = with_former_cookie(client, name)
    answer = before.get("/photos/")
    assert photo.name in answer.content.decode()
    assert answer.cookies[settings.SESSION_COOKIE_NAME].value == client.cookies[settings.SESSION_COOKIE_NAME].value
    assert answer.cookies[name].value == "", "the former cookie is taken back"
    assert photo.name in before.get("/photos/").content.decode()


def test_a_form_that_was_open_during_the_update_works(client: Client, few_superpixels: None) -> None:
    photo = upload(client)
    before = with_former_cookie(client)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = before.cookies
    strict.cookies["csrftoken"] = "a" * 32
    given = {"name": "new", "csrfmiddlewaretoken": "a" * 32}
    assert strict.post(f"/photos/{photo.pk}/name/", given).status_code == 302
    assert strict.cookies[settings.CSRF_COOKIE_NAME].value == "a" * 32


def test_the_cookie_of_another_site_is_left_alone(client: Client, few_superpixels: None) -> None:
    upload(client)
    elsewhere = Client()
    elsewhere.cookies["sessionid"] = "a" * 32
    answer = elsewhere.get("/photos/")
    assert "mine.jpg" not in answer.content.decode()
    assert "sessionid" not in answer.cookies and settings.SESSION_COOKIE_NAME not in answer.cookies


def test_todays_cookie_comes_before_a_former_one(client: Client, alice: User, few_superpixels: None) -> None:
    upload(client)
    both = with_former_cookie(client)
    both.force_login(alice)
    assert "mine.jpg" not in both.get("/photos/").content.decode()


def test_an_empty_session_is_not_taken_over(client: Client) -> None:
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore()
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert settings.SESSION_COOKIE_NAME not in client.get("/photos/").cookies


def test_an_answer_to_a_former_session_does_not_sign_out(client: Client, alice: User) -> None:
    """A picture that was asked for a moment before signing in is answered after it."""
    client.force_login(alice)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.session.delete()
    client.force_login(alice)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    late = Client()
    late.cookies[settings.SESSION_COOKIE_NAME] = before
    within = late.get("/photos/", headers={"sec-fetch-mode": "no-cors"})
    assert settings.SESSION_COOKIE_NAME not in within.cookies and "Clear-Site-Data" not in within.headers
    page = late.get("/photos/", headers={"sec-fetch-mode": "navigate"})
    assert page.cookies[settings.SESSION_COOKIE_NAME].value == ""
    ended = client.post("/accounts/logout/")
    assert ended.cookies[settings.SESSION_COOKIE_NAME].value == ""
