"""Seeing and ending one's sessions."""

from __future__ import annotations

import datetime
import re
from importlib import import_module

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps as django_apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from gallery import clearing
from selector.models import Photo
from selector.services import label_maps

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
    " Edg/126.0"
)
SESSIONS, END = "/accounts/sessions/", "/accounts/sessions/end/"


def signed_in(user_agent: str, address: str = "203.0.113.77") -> Client:
    client = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    given = {"login": "alice", "password": "a-long-passphrase"}
    assert client.post(reverse("account_login"), given).status_code == 302
    return client


def is_inside(client: Client) -> bool:
    return client.get(SESSIONS).status_code == 200


def text_of(client: Client) -> str:
    return re.sub(r"\s+", " ", client.get(SESSIONS).content.decode())


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("", "An unknown browser"),
        ("A robot on Linux", "A browser on Linux"),
    ],
)
def test_a_device_is_told_in_words(user_agent: str, words: str) -> None:
    assert sessions.device(user_agent) == words


def test_a_person_sees_where_they_are_signed_in(alice: User) -> None:
    at_home, on_the_phone = signed_in(FIREFOX), signed_in(IPHONE, "2001:db8:1:2::3")
    for client in (at_home, on_the_phone):
        page = text_of(client)
        assert "Firefox on Linux" in page and "Safari on iPhone" in page
        assert page.count("This one") == 1
        assert "from the network 203.0.113.0" in page and "from the network 2001:db8:1::" in page
    assert "<strong>Firefox on Linux</strong> <span" in text_of(at_home)
    assert not UserSession.objects.filter(ip="203.0.113.77").exists(), "the address itself is not kept"


def test_one_session_is_ended_at_once(alice: User) -> None:
    at_home, on_the_phone, at_work = signed_in(FIREFOX), signed_in(IPHONE), signed_in(EDGE)
    lost = UserSession.objects.get(user_agent=IPHONE)
    answer = at_home.post(END, {"session": lost.pk}, follow=True)
    assert "Safari on iPhone is signed out." in answer.content.decode()
    assert [is_inside(client) for client in (at_home, on_the_phone, at_work)] == [True, False, True]


def test_all_others_are_ended_at_once(alice: User) -> None:
    at_home, on_the_phone, at_work = signed_in(FIREFOX), signed_in(IPHONE), signed_in(EDGE)
    assert "2 other sessions are signed out." in at_home.post(END, follow=True).content.decode()
    assert [is_inside(client) for client in (at_home, on_the_phone, at_work)] == [True, False, False]
    assert "You are signed in nowhere else." in text_of(at_home)


def test_nobody_ends_sessions_of_others(alice: User, bob_client: Client) -> None:
    at_home = signed_in(FIREFOX)
    theirs = UserSession.objects.get(user=alice)
    assert bob_client.post(END, {"session": theirs.pk}).status_code == 404
    assert bob_client.post(END, {"session": theirs.pk + 10**6}).status_code == 404
    assert bob_client.post(END).status_code == 302
    assert is_inside(at_home)


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    for answer in (client.get(SESSIONS), client.post(END), client.get("/accounts/")):
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/?next=/accounts/")


def test_another_password_ends_the_others(alice: User) -> None:
    at_home, on_the_phone = signed_in(FIREFOX), signed_in(IPHONE)
    given = {"oldpassword": "a-long-passphrase", "password1": "an-even-longer-one", "password2": "an-even-longer-one"}
    at_home.post(reverse("account_change_password"), given)
    assert is_inside(at_home) and not is_inside(on_the_phone)


def test_what_is_known_of_an_ended_session_goes_with_it(alice: User) -> None:
    signed_in(FIREFOX)
    kept = signed_in(IPHONE)
    Session.objects.exclude(session_key=kept.session.session_key).delete()
    assert "Firefox" not in text_of(kept), "it has ended"
    for _ in sessions.clear_ended():
        pass
    assert UserSession.objects.get().user_agent == IPHONE
    assert sessions.clear_ended in clearing.ROWS


def test_sessions_from_before_the_update_can_be_ended(alice: User) -> None:
    old, here = signed_in(FIREFOX), signed_in(IPHONE)
    UserSession.objects.exclude(user_agent=IPHONE).delete()
    import_module("accounts.migrations.0004_sessions_there_are").list_sessions(django_apps, None)
    assert "An unknown browser" in text_of(here) and UserSession.objects.count() == 2
    here.post(END)
    assert not is_inside(old)


def test_a_click_notes_the_session_once_a_day(alice: User, photo: Photo) -> None:
    client = signed_in(FIREFOX)
    click = {"label_map": label_maps.get_or_compute(photo).pk, "points": "60,40"}

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert client.post(f"/photos/{photo.pk}/selection/", click).status_code == 302
        return [query["sql"] for query in captured if "usersession" in query["sql"]]

    UserSession.objects.update(last_seen_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert statements() and UserSession.objects.get().last_seen_at.date() == timezone.now().date()
    assert statements() == []
