"""How much a person may keep: counted in full, told in time, and held."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from selector.models import LabelMap, Photo, Selection, SharedSelection, Visitor
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.quotas import Usage, usage_of
from selector.services.sharing import open_copy
from selector.services.turning import turn
from tests.pictures import eighths, image_file
from tests.small_disk import bytes_under, files_under

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
HTMX = {"HX-Request": "true"}


def upload(client: Client, data: bytes | None = None, **more: Any) -> Any:
    return client.post("/photos/", {"image": SimpleUploadedFile("a.jpg", data or image_file()), **more}, headers=HTMX)


def test_every_byte_in_the_storage_counts(alice: Any, own_media: Path) -> None:
    photo = store_photo(image_file() + bytes(100_000), "a.jpg", owner=alice)
    label_maps.get_or_compute(photo)
    assert bytes_under(own_media) > 100_000
    assert usage_of(Person(user=alice)).n_bytes == bytes_under(own_media)


@pytest.mark.django_db(transaction=True)
def test_they_still_do_when_a_photo_is_turned(alice: Any, own_media: Path) -> None:
    photo = store_photo(image_file(eighths(240, 100)), "a.jpg", owner=alice)
    label_maps.get_or_compute(photo)
    turn(photo)
    assert usage_of(Person(user=alice)).n_bytes == bytes_under(own_media)


def test_public_photos_count_for_nobody(alice: Any) -> None:
    store_photo(image_file(), "a.jpg", owner=alice, is_public=True)
    assert usage_of(Person(user=alice)).photos == 0
    assert usage_of(Person()).n_bytes == 0


def test_a_visitor_is_told_what_to_do(client: Client, settings: Any, own_media: Path) -> None:
    settings.VISITOR_PHOTOS = 1
    upload(client)
    before = files_under(own_media)
    response = upload(client)
    assert response.status_code == 409
    assert "you can keep 1 photo at most. Delete photos, or sign in" in response.content.decode()
    assert Photo.objects.count() == 1 and files_under(own_media) == before


def test_an_account_is_told_of_its_bytes(alice_client: Client, settings: Any, own_media: Path) -> None:
    settings.ACCOUNT_BYTES = 2**20
    response = upload(alice_client, image_file() + bytes(2**20))
    assert response.status_code == 409 and "Your account holds 1 MB at most." in response.content.decode()
    assert files_under(own_media) == set()
    assert upload(alice_client).status_code == 200


def test_a_first_visitor_who_is_refused_stays_unknown(client: Client, settings: Any) -> None:
    settings.VISITOR_BYTES = 1
    assert upload(client).status_code == 409
    assert not Visitor.objects.exists() and not client.session.keys()


def test_no_limit_is_0(client: Client, settings: Any) -> None:
    settings.VISITOR_PHOTOS = settings.VISITOR_BYTES = 0
    assert upload(client).status_code == 200
    assert "<meter" not in client.get("/photos/").content.decode()


def test_a_copy_from_a_link_counts(alice: Any, bob: Any, bob_client: Client, photo: Photo, settings: Any) -> None:
    selection = Selection.objects.create(label_map=label_maps.get_or_compute(photo), owner=alice, state=bytes(16))
    token = SharedSelection.objects.share(selection, Person(user=alice))
    settings.ACCOUNT_PHOTOS = 1
    store_photo(image_file(), "bobs.jpg", owner=bob)
    response = bob_client.post(f"/shared/{token}/open/", headers=HTMX)
    assert response.status_code == 409 and "Your account holds" in response.content.decode()
    settings.ACCOUNT_PHOTOS = 2
    copy = open_copy(SharedSelection.objects.get(), Person(user=bob))
    assert usage_of(Person(user=bob)).photos == 2
    assert (copy.original_bytes, copy.working_bytes) == (copy.original.size, copy.working.size)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["visitor", "owner"])
def test_of_two_uploads_at_once_the_last_place_is_for_one(alice: Any, settings: Any, who: str) -> None:
    settings.VISITOR_PHOTOS = settings.ACCOUNT_PHOTOS = 1
    person: dict[str, Any] = {"owner": alice} if who == "owner" else {"visitor": Visitor.objects.create().pk}
    together = threading.Barrier(4)

    def store() -> None:
        together.wait()
        try:
            store_photo(image_file(), "a.jpg", **person)
        except Exception as problem:
            problems.append(type(problem).__name__)
        finally:
            connections.close_all()

    problems: list[str] = []
    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == ["NoRoomLeft"] * 3 and Photo.objects.count() == 1


def test_the_upload_that_brings_the_end_near_says_so_once(alice_client: Client, settings: Any) -> None:
    settings.ACCOUNT_PHOTOS = 5
    said = [b"nearly full: 4 of 5 photos" in upload(alice_client, stay="on").content for _ in range(5)]
    assert said == [False, False, False, True, False]


def test_so_does_the_next_page(alice_client: Client, settings: Any) -> None:
    settings.ACCOUNT_PHOTOS = 1
    address = upload(alice_client).headers["HX-Redirect"]
    assert "Your room here is full: 1 of 1 photo and" in alice_client.get(address).content.decode()


def test_my_photos_says_how_much_is_used(client: Client, settings: Any) -> None:
    settings.VISITOR_PHOTOS = 4
    upload(client)
    page = client.get("/photos/").content.decode()
    assert "1 of 4 photos and under 1 MB of 1 GB used." in page and 'value="0.250"' in page
    for _ in range(3):
        upload(client)
    assert 'class="usage near"' in (page := client.get("/photos/").content.decode())
    assert "delete photos, or <a" in page


def test_usage_in_words() -> None:
    usage = Usage(photos=1200, n_bytes=3 * 2**29, most_photos=5000, most_bytes=20 * 2**30)
    assert usage.in_words == "1,200 of 5,000 photos and 1.5 GB of 20 GB used"
    assert usage.share == 0.24 and not usage.is_near and not usage.excess


def test_photos_from_before_are_weighed_once(alice: Any, own_media: Path) -> None:
    """By the migration, also where a file is missing."""
    photo, other = (store_photo(image_file(), "a.jpg", owner=alice) for _ in range(2))
    label_maps.get_or_compute(photo)
    Photo.objects.update(original_bytes=0, working_bytes=0)
    LabelMap.objects.update(labels_bytes=0)
    other.original.storage.delete(str(other.original.name))
    import_module("selector.migrations.0005_visitors_there_are_and_their_bytes").weigh(apps, None)
    assert usage_of(Person(user=alice)).n_bytes == bytes_under(own_media)
