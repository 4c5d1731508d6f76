"""Who may have the full size of a photo: originals, and what is made from them."""

from __future__ import annotations

import importlib
import io
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from PIL import Image

from selector.models import Photo
from selector.services import label_maps
from selector.services.photos import NAME_OF_A_COPY, store_photo
from tests.pictures import eighths, image_file

migration = importlib.import_module("selector.migrations.0007_who_may_have_originals")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
GPS = 0x8825
SIZE = (1200, 800)


def file_of_a_phone() -> bytes:
    """Larger than a working copy, on its side, and with the place where it was made."""
    exif = Image.Exif()
    exif[0x010F] = "A camera with a serial number"
    exif[0x0112] = 6
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (48.0, 12.0, 30.0)
    data = image_file(np.repeat(np.repeat(eighths(), 5, 0), 5, 1)[: SIZE[1], : SIZE[0]], exif=exif)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS)
    return data


@pytest.fixture
def data() -> bytes:
    return file_of_a_phone()


@pytest.fixture
def mine(alice: User, data: bytes) -> Photo:
    return store_photo(data, "On the balcony.JPG", owner=alice)


@pytest.fixture
def public(data: bytes) -> Photo:
    return store_photo(data, "On the balcony.JPG", is_public=True)


@pytest.fixture
def curator_client(bob: User) -> Client:
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    migration.give_it_to_curators(apps, None)  # Again: tests that commit empty the table of groups.
    bob.groups.add(Group.objects.get(name="curators"))
    client = Client()
    client.force_login(bob)
    return client


def original_of(photo: Photo) -> str:
    return f"/photos/{photo.pk}/original/"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def test_the_owner_gets_the_file_as_it_came(alice_client: Client, mine: Photo, data: bytes) -> None:
    response = alice_client.get(original_of(mine))
    assert body(response) == data
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Disposition"] == 'attachment; filename="On the balcony.JPG"'


def test_it_can_do_nothing_in_a_browser_and_is_kept_nowhere(alice_client: Client, mine: Photo) -> None:
    headers = alice_client.get(original_of(mine)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["evil.html", "no extension", 'a "quoted\r\nX-Evil: 1'])
def test_a_name_says_what_the_bytes_are(alice_client: Client, mine: Photo, name: str) -> None:
    mine.rename(name)
    response = alice_client.get(original_of(mine))
    assert response.headers["Content-Type"] == "image/jpeg" and "X-Evil" not in response.headers
    assert response.headers["Content-Disposition"].partition("''")[2].endswith(".jpg") or response.headers[
        "Content-Disposition"
    ].endswith('.jpg"')


def test_strangers_get_what_they_get_of_no_photo(bob_client: Client, curator_client: Client, mine: Photo) -> None:
    nothing = bob_client.get(f"/photos/{'0' * 8}-0000-4000-8000-{'0' * 12}/original/")
    for client in (bob_client, curator_client, Client()):
        response = client.get(original_of(mine))
        assert response.status_code == nothing.status_code == 404


def test_of_the_collection_owner_and_curators_get_the_file(
    alice: User, alice_client: Client, curator_client: Client, public: Photo, data: bytes
) -> None:
    assert body(curator_client.get(original_of(public))) == data
    assert alice_client.get(original_of(public)).status_code == 403
    Photo.objects.filter(pk=public.pk).update(owner=alice)
    assert body(alice_client.get(original_of(public))) == data


@pytest.mark.parametrize("address", ["original/", "preview.png?size=original"])
def test_others_are_refused_its_full_size(client: Client, alice_client: Client, public: Photo, address: str) -> None:
    for somebody in (client, alice_client):
        response = somebody.get(f"/photos/{public.pk}/{address}")
        assert response.status_code == 403
        assert "for those who look after the collection" in response.content.decode()


def test_the_public_may_have_its_pixels_where_the_site_says_so(client: Client, public: Photo, settings: Any) -> None:
    """Upright and in full size, but with nothing of what the file told of the place and the camera."""
    settings.PUBLIC_ORIGINALS = True
    response = client.get(original_of(public))
    data = body(response)
    assert response.headers["Content-Disposition"] == 'attachment; filename="On the balcony.png"'
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", SIZE[::-1])
    assert not picture.getexif() and not picture.info and b"serial" not in data
    assert client.get(f"/photos/{public.pk}/preview.png?size=original").status_code == 200
    upright = np.asarray(Image.open(io.BytesIO(file_of_a_phone())).rotate(-90, expand=True).convert("RGB"), int)
    assert np.abs(np.asarray(picture.convert("RGB"), int) - upright).max() <= 3


def test_a_private_photo_stays_private_whatever_the_site_says(client: Client, mine: Photo, settings: Any) -> None:
    settings.PUBLIC_ORIGINALS = True
    assert client.get(original_of(mine)).status_code == 404


def test_what_is_refused_is_not_offered(
    client: Client, alice_client: Client, curator_client: Client, mine: Photo, public: Photo
) -> None:
    for somebody, photo, is_offered in (
        (alice_client, mine, True),
        (curator_client, public, True),
        (alice_client, public, False),
        (client, public, False),
    ):
        page = somebody.get(photo.get_absolute_url()).content.decode()
        assert (original_of(photo) in page) == ("size=original" in page) == is_offered


def test_where_pixels_are_to_be_had_no_original_is_promised(client: Client, public: Photo, settings: Any) -> None:
    settings.PUBLIC_ORIGINALS = True
    page = client.get(public.get_absolute_url()).content.decode()
    assert "Whole photo, original resolution" in page


def test_no_other_address_gives_more_than_the_working_copy(client: Client, public: Photo) -> None:
    label_map = label_maps.get_or_compute(public)
    for address in (
        public.working_url,
        public.small_url,
        public.thumbnail_url,
        f"/photos/{public.pk}/preview.png",
        f"/photos/{public.pk}/label-maps/{label_map.pk}/outline/4.png",
    ):
        response = client.get(address)
        assert max(Image.open(io.BytesIO(body(response))).size) <= 1024, address
        assert b"serial" not in body(response)


def test_a_lost_original_is_said(alice_client: Client, mine: Photo) -> None:
    mine.original.storage.delete(str(mine.original.name))
    assert alice_client.get(original_of(mine)).status_code == 410


def test_the_copy_that_a_link_gives_does_not_have_the_name_of_the_file(
    alice_client: Client, bob_client: Client, mine: Photo
) -> None:
    label_map = label_maps.get_or_compute(mine)
    click = {"label_map": label_map.pk, "points": "60,40", "level": 4}
    alice_client.post(f"/photos/{mine.pk}/selection/", click)
    page = alice_client.post(f"/photos/{mine.pk}/links/").content.decode()
    link = page.partition('value="http://testserver')[2].partition('"')[0]
    answers = [Client().get(f"{link}{part}") for part in ("", "photo.jpg", "selection.png")]
    opened = bob_client.post(f"{link}open/")
    copy = Photo.objects.get(owner__username="bob")
    answers += [
        opened,
        *(bob_client.get(f"{copy.get_absolute_url()}{part}") for part in ("", "preview.png", "original/")),
    ]
    assert copy.name == NAME_OF_A_COPY
    for response in answers:
        assert response.status_code in (200, 302)
        for told in (b"balcony", b"alice", str(mine.pk).encode()):
            assert told not in body(response) + str(response.headers).encode(), response.request["PATH_INFO"]
