"""Tokens: made and shown once, limited in what they may and for how long, and gone when they are revoked."""

from __future__ import annotations

import base64
import datetime
import json
import re
import uuid
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from selector.models import Photo
from selector.services.photos import store_photo
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
PAGE = "/accounts/tokens/"


def bearer(user: User, *scopes: str, days: int | None = None) -> dict[str, str]:
    """The headers of a program that has a token of an account."""
    return {"Authorization": f"Bearer {ApiToken.objects.make(user, 'a test', list(scopes), days)[1]}"}


def detail(answer: Any) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_a_token_is_shown_once_and_works_until_it_is_revoked(alice: User, alice_client: Client) -> None:
    made = alice_client.post(PAGE, {"name": "Notebook", "scopes": ["read"], "days": "30"}).content.decode()
    found = re.search(r'value="(superpixel_[\w-]{43})"', made)
    assert found is not None
    token = ApiToken.objects.get()
    listed = alice_client.get(PAGE).content.decode()
    assert "Notebook" in listed and found[1] not in listed
    assert found[1] not in repr(list(ApiToken.objects.values()))
    assert token.ends is not None and 29 < (token.ends - timezone.now()).days + 1 <= 30
    program, headers = Client(), {"Authorization": f"Bearer {found[1]}"}
    assert program.get("/api/v1/photos", headers=headers).status_code == 200
    assert "last used today" in alice_client.get(PAGE).content.decode()
    alice_client.post(f"{PAGE}revoke/", {"token": token.pk})
    refused = program.get("/api/v1/photos", headers=headers)
    assert refused.status_code == 401 and "Send a token" in detail(refused)
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_nobody_revokes_anothers_and_a_form_that_is_wrong_says_why(
    alice: User, alice_client: Client, bob_client: Client, client: Client
) -> None:
    ApiToken.objects.make(alice, "mine", ["read"], None)
    assert bob_client.post(f"{PAGE}revoke/", {"token": ApiToken.objects.get().pk}).status_code == 404
    assert "mine" not in bob_client.get(PAGE).content.decode()
    assert client.get(PAGE).status_code == 302
    wrong = alice_client.post(PAGE, {"name": "", "scopes": [], "days": "30"})
    assert wrong.status_code == 422 and "Say what it may do." in wrong.content.decode()


@pytest.mark.parametrize("spoilt", ["over", "closed", "unknown", "none"])
def test_what_is_over_or_of_a_closed_account_is_refused(client: Client, alice: User, spoilt: str) -> None:
    headers = bearer(alice, "read", days=1)
    if spoilt == "over":
        ApiToken.objects.update(ends=timezone.now() - datetime.timedelta(seconds=1))
    if spoilt == "closed":
        User.objects.update(is_active=False)
    if spoilt == "unknown":
        headers = {"Authorization": "Bearer superpixel_x"}
    if spoilt == "none":
        headers = {}
    assert client.get("/api/v1/photos", headers=headers).status_code == 401


def test_what_a_token_may_not_do_is_not_done(client: Client, alice: User) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    refused = client.delete(f"/api/v1/photos/{photo.pk}", headers=bearer(alice, "read"))
    assert refused.status_code == 403 and "may not write" in detail(refused)
    assert Photo.objects.exists()


def test_photos_are_added_listed_renamed_turned_and_deleted(client: Client, alice: User, bob: User) -> None:
    headers = bearer(alice, "read", "write")
    file = SimpleUploadedFile("red.jpg", image_file(), "image/jpeg")
    added = client.post("/api/v1/photos", {"image": file}, headers=headers)
    assert added.status_code == 201, added.content
    photo = added.json()
    assert added.headers["Location"] == f"/api/v1/photos/{photo['id']}"
    assert (photo["name"], photo["width"], photo["original_width"]) == ("red.jpg", 240, 240)
    address = added.headers["Location"]
    assert client.get(address, headers=headers).json() == photo
    for one in (bearer(bob, "read", "write"),):
        assert client.get(address, headers=one).status_code == 404
        assert client.delete(address, headers=one).status_code == 404
    renamed = client.patch(address, {"name": "Red"}, content_type="application/json", headers=headers)
    assert renamed.json()["name"] == "Red"
    unnamed = client.patch(address, {"name": " "}, content_type="application/json", headers=headers)
    assert unnamed.status_code == 422 and detail(unnamed) == "A photo needs a name."
    turned = client.post(f"{address}/turn", headers=headers).json()
    assert (turned["width"], turned["height"]) == (photo["height"], photo["width"])
    assert turned["version"] != photo["version"]
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get("/api/v1/photos", headers=headers).json() == {"photos": [], "next": None}


def test_a_long_list_comes_in_pages_without_gaps_whatever_is_added_meanwhile(client: Client, alice: User) -> None:
    headers = bearer(alice, "read")
    names = [f"{number}.jpg" for number in range(5)]
    for number, name in enumerate(names):
        store_photo(image_file(), name, owner=alice)
        # Two are of the same moment.
        moment = datetime.datetime(2026, 1, 1 + number // 2, tzinfo=datetime.UTC)
        Photo.objects.filter(name=name).update(created=moment)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/api/v1/photos", {"limit": "2", "cursor": cursor}, headers=headers).json()
        seen += [photo["name"] for photo in page["photos"]]
        cursor = page["next"]
        store_photo(image_file(), "late.jpg", owner=alice)
    assert sorted(seen) == names
    made_up = [["2026-01-01T00:00:00+00:00", "no key"], ["2026-01-01T00:00:00", str(uuid.uuid4())], ["soon", 1], 7]
    for cursor in ("xyz", *(base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in made_up)):
        wrong = client.get("/api/v1/photos", {"cursor": cursor}, headers=headers)
        assert wrong.status_code == 422 and "cursor" in detail(wrong)


def test_an_upload_that_is_sent_twice_with_one_key_is_stored_once(client: Client, alice: User, bob: User) -> None:
    def send(user: User, key: str) -> Any:
        file = SimpleUploadedFile("red.jpg", image_file(), "image/jpeg")
        headers = {**bearer(user, "write"), "Idempotency-Key": key}
        return client.post("/api/v1/photos", {"image": file}, headers=headers)

    first, second = send(alice, "one"), send(alice, "one")
    assert second.json() == first.json() and second.headers["Idempotent-Replayed"] == "true"
    assert Photo.objects.count() == 1
    other = SimpleUploadedFile("red.jpg", image_file(np.zeros((20, 30, 3), np.uint8)), "image/jpeg")
    headers = {**bearer(alice, "write"), "Idempotency-Key": "one"}
    refused = client.post("/api/v1/photos", {"image": other}, headers=headers)
    assert refused.status_code == 422 and "Another request was sent with this key" in detail(refused)
    assert Photo.objects.count() == 1
    send(alice, "two")
    send(bob, "one")
    assert Photo.objects.count() == 3
    # What was refused may be sent again.
    headers = {**bearer(alice, "write"), "Idempotency-Key": "three"}
    letter = client.post("/api/v1/photos", {"image": SimpleUploadedFile("a.jpg", b"Dear Sir")}, headers=headers)
    assert letter.status_code == 422
    assert send(alice, "three").status_code == 201


def test_a_browser_needs_the_token_of_a_form_beside_its_session(alice_client: Client, alice: User) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice_client.cookies
    assert strict.get(f"/api/v1/photos/{photo.pk}").status_code == 200
    assert strict.delete(f"/api/v1/photos/{photo.pk}").status_code == 403
    assert Photo.objects.exists()
