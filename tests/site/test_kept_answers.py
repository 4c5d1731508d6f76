"""What browsers may keep: nothing of a person's, and pictures whose addresses name them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from gallery.collection.importing import Details, add_public
from selector.models import Photo
from selector.services import label_maps
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db
NOT_KEPT = "private, no-store"


@pytest.mark.parametrize(
    "address",
    ["/", "/photos/", "/gallery/", "/searches/", "/accounts/login/", "/accounts/email/", "/admin/", "/nowhere/"],
)
def test_no_page_is_kept(client: Client, alice_client: Client, address: str) -> None:
    """Every page shows who is signed in, and Back is to show what is there now."""
    for somebody in (client, alice_client):
        said = somebody.get(address, follow=True).headers["Cache-Control"]
        assert "private" in said and "no-store" in said, address


def test_no_page_about_a_photo_is_kept_nor_what_htmx_asks_for(alice_client: Client, photo: Photo) -> None:
    for address in (photo.get_absolute_url(), f"/photos/{photo.pk}/links/", f"/photos/{photo.pk}/preview.png"):
        assert alice_client.get(address).headers["Cache-Control"] == NOT_KEPT
    click = {"label_map": label_maps.get_or_compute(photo).pk, "points": "60,40", "level": 4}
    answer = alice_client.post(f"/photos/{photo.pk}/selection/", click, headers={"HX-Request": "true"})
    assert answer.headers["Cache-Control"] == NOT_KEPT


def pictures_of(photo: Photo) -> list[str]:
    label_map = label_maps.get_or_compute(photo)
    maps = f"/photos/{photo.pk}/label-maps/{label_map.pk}"
    pictures = [photo.working_url, photo.small_url, photo.thumbnail_url]
    return [*pictures, f"{maps}/labels", f"{maps}/tree", f"{maps}/outline/4.png"]


def test_a_private_picture_is_asked_for_again_and_answered_in_few_bytes(alice_client: Client, photo: Photo) -> None:
    for address in pictures_of(photo):
        first = alice_client.get(address)
        assert first.headers["Cache-Control"] == "private, no-cache"
        known = {"If-None-Match": first.headers["ETag"]}
        again = alice_client.get(address, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"] == "private, no-cache" and again.headers["ETag"] == first.headers["ETag"]
        assert Client().get(address, headers=known).status_code == 404, "who may not see it is not told that it is so"


def test_a_public_picture_is_kept_for_a_year(client: Client, few_superpixels: None) -> None:
    image, _ = add_public(image_file(eighths()), "public.jpg", Details())
    for address in pictures_of(image.photo):
        assert "max-age=31536000, immutable" in client.get(address).headers["Cache-Control"]


def test_signing_out_has_the_browser_give_up_what_it_kept(alice_client: Client) -> None:
    assert "Clear-Site-Data" not in alice_client.get("/photos/").headers
    assert alice_client.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache"'


def test_so_does_a_session_that_was_ended_elsewhere(alice_client: Client) -> None:
    alice_client.session.delete()
    assert alice_client.get("/photos/").headers["Clear-Site-Data"] == '"cache"'


def test_leaving_the_admin_does_so_too(admin_client: Client) -> None:
    assert admin_client.post("/admin/logout/").headers["Clear-Site-Data"] == '"cache"'


def test_static_files_are_kept_as_before(client: Client, admin_user: User, settings: Any) -> None:
    assert "no-store" not in client.get("/static/css/base.css").headers.get("Cache-Control", "")
