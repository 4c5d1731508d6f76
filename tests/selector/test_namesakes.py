"""Photos of one name are told apart by day and size wherever a person's photos are listed or chosen."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from selector.models import Photo
from selector.services.photos import store_photo
from tests.pictures import image_file

pytestmark = pytest.mark.django_db
MAY = datetime.datetime(2026, 5, 12, 9, 5, 7, tzinfo=datetime.UTC)


def add(owner: User, name: str = "IMG_0001.JPG", created: datetime.datetime = MAY, n_bytes: int = 3_250_586) -> Photo:
    photo = store_photo(image_file(), name, owner=owner)
    Photo.objects.filter(pk=photo.pk).update(created=created, original_bytes=n_bytes)
    return photo


def text(response: Any) -> str:
    words = re.sub(r"<[^>]*>", " ", response.content.decode().replace("\xa0", " "))
    return " ".join(words.split())


def test_a_name_that_is_there_once_stands_alone(alice: User, bob: User, alice_client: Client) -> None:
    add(alice)
    add(alice, "other.jpg")
    add(bob)
    assert "12 May 2026" in text(alice_client.get("/photos/")) and "3.1 MB" not in text(alice_client.get("/photos/"))


def test_two_of_a_name_say_when_they_came_and_how_large_they_are(alice: User, alice_client: Client) -> None:
    add(alice)
    second = add(alice, created=MAY + datetime.timedelta(days=2))
    page = alice_client.get("/photos/")
    for label in ("Choose", "Rename", "Rotate", "Delete"):
        for told in ("12 May 2026, 3.1 MB", "14 May 2026, 3.1 MB"):
            assert f"{label} IMG_0001.JPG · {told}" in page.content.decode().replace("\xa0", " ")
    question = alice_client.post("/photos/delete/", {"photo": str(second.pk)})
    assert "14 May 2026, 3.1 MB" in text(question)
    assert "12 May 2026" not in text(question)


def test_of_one_day_and_size_the_moment_tells(alice: User, alice_client: Client) -> None:
    add(alice)
    add(alice, created=MAY + datetime.timedelta(seconds=3))
    page = text(alice_client.get("/photos/"))
    assert "12 May 2026, 09:05:07, 3.1 MB" in page and "12 May 2026, 09:05:10, 3.1 MB" in page


def test_an_answer_for_one_card_tells_as_well(alice: User, alice_client: Client) -> None:
    first = add(alice)
    add(alice, "other.jpg", created=MAY + datetime.timedelta(days=2), n_bytes=2_000_000)
    renamed = alice_client.post(f"/photos/{first.pk}/name/", {"name": "other.jpg"}, headers={"HX-Request": "true"})
    assert "12 May 2026, 3.1 MB" in text(renamed)
