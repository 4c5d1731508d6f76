"""Whose a page is: told by what a page sends, whatever has become of the session, and never by what it guesses."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.web.whose_page import FIELD, HEADER, SIGNED_OUT
from selector.models import FormerVisitor, LabelMap, Photo, Selection, Visitor
from selector.people import NOBODY, Person, marker_of
from selector.services import label_maps, selecting
from selector.services.adoption import adopt
from selector.services.clearing import forget_visitors
from selector.services.photos import store_photo
from selector.web.forms import GestureForm
from tests.pictures import image_file

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-passphrase"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def public_photo(few_superpixels: None) -> Photo:
    photo = store_photo(image_file(), "quarters.jpg")
    photo.is_public = True
    photo.save()
    label_maps.get_or_compute(photo)
    return photo


def page_of(client: Client, photo: Photo) -> str:
    """The marker on the page of a workspace."""
    found = re.search(r'name="page-of" content="(\w+)"', client.get(photo.get_absolute_url()).content.decode())
    assert found
    return found[1]


def click(client: Client, photo: Photo, marker: str, **headers: str) -> Any:
    label_map = LabelMap.objects.filter(photo=photo).first()
    data = {"label_map": label_map.pk if label_map else 1, "tool": "toggle", "points": "60,40", "level": 4}
    sent = {**HTMX, HEADER: marker, "Referer": f"http://testserver{photo.get_absolute_url()}?level=4", **headers}
    return client.post(f"/photos/{photo.pk}/selection/", data, headers=sent)


def words(response: Any) -> str:
    return re.sub(r"<[^>]*>", "", response.content.decode()).strip()


# What may become of alice's session


def expired(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(days=1))


def ended_on_another_device(client: Client) -> None:
    Session.objects.all().delete()


def emptied(client: Client) -> None:
    """Ended while its cookie stays: what is signed out in another tab, seen from a server with an old copy."""
    session = client.session
    session.clear()
    session.save()


def password_changed_elsewhere(client: Client) -> None:
    alice = User.objects.get(username="alice")
    alice.set_password("an-even-longer-passphrase")
    alice.save()


def deactivated(client: Client) -> None:
    User.objects.filter(username="alice").update(is_active=False)


def deleted(client: Client) -> None:
    User.objects.get(username="alice").delete()


def cookie_garbled(client: Client) -> None:
    client.cookies[site.SESSION_COOKIE_NAME] = "nonsense'"


def cookie_of_another_site(client: Client) -> None:
    client.cookies[site.SESSION_COOKIE_NAME] = "q3m8x0a1b2c3d4e5f6g7h8i9j0k1l2m3"


def cookie_lost(client: Client) -> None:
    client.cookies.clear()


def data_garbled(client: Client) -> None:
    Session.objects.update(session_data="nonsense")


def key_changed(client: Client) -> None:
    site.SECRET_KEY = "another-key-" * 5


def database_emptied(client: Client) -> None:
    Session.objects.all().delete()
    User.objects.all().delete()
    Photo.objects.all().delete()


def another_visitor(client: Client) -> None:
    client.cookies.clear()
    assert client.post("/photos/", {"image": uploaded()}).status_code == 302


def uploaded() -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", image_file())


LOST = [
    *(expired, ended_on_another_device, emptied, password_changed_elsewhere, deactivated, deleted, cookie_garbled),
    *(cookie_of_another_site, cookie_lost, data_garbled, key_changed, database_emptied, another_visitor),
]


@pytest.mark.parametrize("happening", LOST, ids=lambda happening: str(happening.__name__))
def test_nothing_is_done_for_somebody_else(
    alice: User, public_photo: Photo, settings: Any, happening: Callable[[Client], None]
) -> None:
    settings.SECRET_KEY = site.SECRET_KEY  # set back at the end
    client = Client()
    client.force_login(alice)
    marker = page_of(client, public_photo)
    assert click(client, public_photo, marker).status_code == 200
    happening(client)
    kept = list(Selection.objects.values_list("owner", "position")), Visitor.objects.count()
    answer = click(client, public_photo, marker)
    assert (answer.status_code, words(answer)) == (401, SIGNED_OUT)
    assert "/accounts/login/?next=%2F" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert (list(Selection.objects.values_list("owner", "position")), Visitor.objects.count()) == kept


def test_a_session_that_is_gone_is_said_once_on_a_page_that_comes_anew(alice: User, public_photo: Photo) -> None:
    """Without scripts as well: else a public photo would look as if nothing had ever been selected on it."""
    client = Client()
    client.force_login(alice)
    ended_on_another_device(client)
    page = client.get(public_photo.get_absolute_url())
    assert SIGNED_OUT in words(page)
    assert f'href="/accounts/login/?next=%2Fphotos%2F{public_photo.pk}%2F"' in page.content.decode()
    assert SIGNED_OUT not in words(client.get(public_photo.get_absolute_url()))
    assert SIGNED_OUT not in words(Client().get(public_photo.get_absolute_url()))


def test_the_way_back_ends_on_the_page(alice: User, public_photo: Photo) -> None:
    client = Client()
    marker = marker_of(Person(user=alice))
    answer = click(client, public_photo, marker).content.decode()
    address = re.search(r'href="([^"]*)"', answer)
    assert address
    signed_in = client.post(address[1], {"login": "alice", "password": PASSWORD})
    assert signed_in["Location"] == f"{public_photo.get_absolute_url()}?level=4"
    assert click(client, public_photo, marker).status_code == 200


def test_a_form_without_scripts_gets_a_page(alice: User, public_photo: Photo) -> None:
    alice_client = Client()
    alice_client.force_login(alice)
    marker = marker_of(Person(user=alice))
    page = alice_client.get(public_photo.get_absolute_url()).content.decode()
    assert f'<input type="hidden" name="{FIELD}" value="{marker}">' in page
    sent = {"label_map": label_maps.get_or_compute(public_photo).pk, "tool": "clear", "level": 4, FIELD: marker}
    answer = Client().post(f"/photos/{public_photo.pk}/selection/", sent)
    assert answer.status_code == 401
    assert SIGNED_OUT in words(answer)
    assert 'class="button primary" href="/accounts/login/?next=' in answer.content.decode()
    assert alice_client.post(f"/photos/{public_photo.pk}/selection/", sent).status_code == 302


def test_a_marker_tells_nothing_and_is_for_one_person(alice: User, bob: User, settings: Any) -> None:
    markers = [marker_of(Person(user=alice)), marker_of(Person(user=bob)), marker_of(Person(visitor=visitor().pk))]
    assert [re.fullmatch(r"[uv][0-9a-f]{32}", marker) is not None for marker in markers] == [True] * 3
    assert len(set(markers)) == 3
    assert marker_of(Person()) == NOBODY
    settings.SECRET_KEY = "another-key-" * 5
    assert marker_of(Person(user=alice)) != markers[0]


@pytest.mark.parametrize("said", ["", NOBODY, "u", "v" * 33, "u\0" + "0" * 31, "u" + "g" * 32, "'" * 5000])
def test_what_is_no_marker_claims_nothing(alice_client: Client, public_photo: Photo, said: str) -> None:
    data = {"label_map": label_maps.get_or_compute(public_photo).pk, "tool": "clear", "level": 4, FIELD: said}
    assert alice_client.post(f"/photos/{public_photo.pk}/selection/", data).status_code == 302


def test_an_answer_tells_nothing_of_what_there_is(client: Client, alice: User, photo: Photo) -> None:
    marker = marker_of(Person(user=alice))
    there = client.get(f"/photos/{photo.pk}/links/", headers={**HTMX, HEADER: marker})
    missing = client.get(f"/photos/{str(photo.pk)[:-4]}0000/links/", headers={**HTMX, HEADER: marker})
    assert (there.status_code, missing.status_code) == (401, 401)
    assert there.content == missing.content


# Who moves


def visitor() -> Visitor:
    return Visitor.objects.create()


def test_a_page_of_a_visitor_goes_on_as_their_account(alice: User, bob: User, public_photo: Photo) -> None:
    client = Client()
    first = click(client, public_photo, NOBODY)
    marker = first.headers[HEADER]
    assert marker == page_of(client, public_photo) and marker.startswith("v")
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    answer = click(client, public_photo, marker)
    assert (answer.status_code, answer.headers[HEADER]) == (200, marker_of(Person(user=alice)))
    assert Selection.objects.get().owner == alice
    # Also after they have gone and come back, and for nobody else.
    client.post("/accounts/logout/")
    assert SIGNED_OUT in words(click(client, public_photo, marker))
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert click(client, public_photo, marker).status_code == 200
    stranger = Client()
    stranger.force_login(bob)
    answer = click(stranger, public_photo, marker)
    assert (answer.status_code, "Someone else has signed in" in words(answer)) == (401, True)


def test_a_visitor_who_is_lost_is_told_what_helps(public_photo: Photo) -> None:
    client = Client()
    marker = click(client, public_photo, NOBODY).headers[HEADER]
    answer = click(Client(), public_photo, marker)
    assert (answer.status_code, "Your visit has ended" in words(answer)) == (401, True)
    assert f'href="{public_photo.get_absolute_url()}?level=4"' in answer.content.decode()


def test_what_was_under_way_at_sign_in_is_the_accounts(alice: User, public_photo: Photo) -> None:
    """A request that came from a visitor, and is served after they have signed in in another tab."""
    person = Person(visitor=visitor().pk)
    assert person.visitor
    adopt(person.visitor, alice)
    label_map = label_maps.get_or_compute(public_photo)
    form = GestureForm({"label_map": label_map.pk, "tool": "toggle", "points": "60,40", "level": 4})
    assert form.is_valid()
    selecting.apply_gesture(person, label_map, form.gesture_on(public_photo.width))
    photo = store_photo(image_file(), "late.jpg", visitor=person.visitor)
    assert (Selection.objects.get().owner, photo.owner, photo.visitor) == (alice, alice, None)


def test_former_visitors_are_forgotten_with_their_account_and_in_time(alice: User, bob: User) -> None:
    for user in (alice, bob):
        adopt(visitor().pk, user)
    alice.delete()
    assert FormerVisitor.objects.get().owner == bob
    list(forget_visitors())
    assert FormerVisitor.objects.count() == 1
    FormerVisitor.objects.update(signed_in=timezone.now() - datetime.timedelta(seconds=site.SESSION_COOKIE_AGE + 1))
    list(forget_visitors())
    assert FormerVisitor.objects.count() == 0


# Tokens of forms


def refused_form(**more: Any) -> Any:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    return client, client.post("/photos/", {"name": "<b>", "tag": ["a", "b"], "csrfmiddlewaretoken": "x" * 32}, **more)


def test_a_form_with_an_old_token_can_be_sent_again() -> None:
    client, answer = refused_form(headers={"Origin": "http://testserver"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Nothing has been done yet." in page
    assert re.findall(r'name="(name|tag)" value="([^"]*)"', page) == [("name", "&lt;b&gt;"), ("tag", "a"), ("tag", "b")]
    token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    again = client.post("/photos/", {"csrfmiddlewaretoken": token}, headers={"Origin": "http://testserver"})
    assert again.status_code != 403


@pytest.mark.parametrize("origin", ["", "null", "http://example.org", "https://testserver", "http://testserver:81"])
def test_nobody_is_asked_to_send_again_what_came_from_elsewhere(origin: str) -> None:
    _, answer = refused_form(headers={"Origin": origin} if origin else {})
    assert answer.status_code == 403
    assert "Send it again" not in answer.content.decode()


def test_passwords_and_files_are_never_repeated() -> None:
    for field, value in (("password", "secret-words"), ("image", uploaded())):
        client = Client(enforce_csrf_checks=True)
        client.get("/accounts/login/")
        answer = client.post("/accounts/login/", {field: value, "login": "a"}, headers={"Origin": "http://testserver"})
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "Send it again" not in page and "secret-words" not in page


def test_who_is_nobody_is_offered_to_sign_in_where_nothing_is_to_be_seen(
    client: Client, bob_client: Client, photo: Photo
) -> None:
    there, missing = client.get(f"/photos/{photo.pk}/"), client.get(f"/photos/{str(photo.pk)[:-4]}0000/")
    assert f'href="/accounts/login/?next=/photos/{photo.pk}/"' in there.content.decode()
    assert words(there) == words(missing)
    assert "Sign in, if it is yours" not in bob_client.get(f"/photos/{photo.pk}/").content.decode()


def test_a_page_that_was_kept_asks_whether_it_still_holds(alice: User, alice_client: Client) -> None:
    marker = marker_of(Person(user=alice))
    answer = alice_client.get("/accounts/still-here/", headers={**HTMX, HEADER: marker})
    assert (answer.status_code, answer.content, site.CSRF_COOKIE_NAME in answer.cookies) == (204, b"", True)
    assert "no-store" in answer.headers["Cache-Control"]
    assert Client().get("/accounts/still-here/", headers={**HTMX, HEADER: marker}).status_code == 401
    assert alice_client.get("/accounts/still-here/", headers={HEADER: NOBODY}).headers[HEADER] == marker
    assert alice_client.post("/accounts/still-here/").status_code == 405
