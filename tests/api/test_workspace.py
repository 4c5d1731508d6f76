"""What a workspace offers beside selecting: files, links, details."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from selector.models import Cut, Photo, SharedSelection
from selector.services.photos import store_photo
from tests.api.programs import Program, detail
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db


def test_portion_and_original_are_files(alice: User, bob: User, photo: Photo) -> None:
    program = Program(alice)
    program("PUT", f"/photos/{photo.pk}/selection", {"polygon": [[0, 0], [120, 0], [120, 80], [0, 80]]})
    portion = program("GET", f"/photos/{photo.pk}/portion", {"background": "transparent", "crop": "true"})
    picture = Image.open(io.BytesIO(portion.content))
    assert picture.mode == "RGBA" and picture.width < photo.width
    original = b"".join(program("GET", f"/photos/{photo.pk}/original").streaming_content)
    assert len(original) == photo.original_bytes
    for what in ("portion", "original"):
        assert Program(bob)("GET", f"/photos/{photo.pk}/{what}").status_code == 404
    assert program("GET", f"/photos/{photo.pk}/portion", {"background": "red"}).status_code == 422


def test_a_link_is_made_listed_and_revoked(alice: User, bob: User, photo: Photo, client: Client) -> None:
    program, address = Program(alice), f"/photos/{photo.pk}/links"
    assert detail(program("POST", address)) == "Select something first, then share it."
    program("PUT", f"/photos/{photo.pk}/selection", {"included": [1]})
    made = program("POST", address)
    assert made.status_code == 201 and client.get(made.json()["address"]).status_code == 200
    listed = program("GET", address).json()["links"]
    assert [link["id"] for link in listed] == [made.json()["id"]] and "address" not in listed[0]
    assert Program(bob)("GET", address).status_code == 404
    assert Program(bob)("DELETE", f"/links/{listed[0]['id']}").status_code == 404
    assert program("DELETE", f"/links/{listed[0]['id']}").status_code == 204
    assert not SharedSelection.objects.exists() and client.get(made.json()["address"]).status_code == 404


def test_a_detail_is_cut_by_the_worker_and_can_be_cancelled(alice: User, bob: User, photo: Photo) -> None:
    program = Program(alice)
    small = program("POST", f"/photos/{photo.pk}/details", {"box": [0, 0, 100, 100]})
    assert small.status_code == 409 and "shown already" in detail(small)
    large = store_photo(image_file(eighths(1600, 1200)), "large.jpg", owner=alice)
    address = f"/photos/{large.pk}/details"
    assert "beyond the picture" in detail(program("POST", address, {"box": [0, 0, 1700, 1000]}))
    asked = program("POST", address, {"box": [0, 0, 1200, 1000]})
    assert asked.status_code == 202, asked.content
    found = asked.headers["Location"].removeprefix("/api/v1")
    assert program("GET", found).json()["state"] == "waiting"
    assert Program(bob)("GET", found).status_code == 404 and Program(bob)("DELETE", found).status_code == 404
    assert program("DELETE", found).status_code == 204 and not Cut.objects.exists()
