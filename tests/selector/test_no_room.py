"""A full disk: a sentence, and nothing half done."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, connection
from django.test import Client

from selector.models import LabelMap, Photo, Selection, SharedSelection, Visitor
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.sharing import open_copy
from selector.services.turning import turn
from tests.pictures import image_file
from tests.small_disk import files_under, files_up_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
HTMX = {"HX-Request": "true"}
SENTENCE = "no room left for files"


def noise(side: int) -> Any:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)


def post(client: Client, data: bytes, **headers: Any) -> Any:
    return client.post("/photos/", {"image": SimpleUploadedFile("photo.jpg", data)}, **headers)


def nothing_is_there(media: Path) -> bool:
    rows = any(model.objects.exists() for model in (Photo, LabelMap, Visitor, Session))
    return not rows and files_under(media) == set()


# Pictures of which this file is the first that is too large, and how large it may be.
@pytest.mark.parametrize(
    ("data", "n_bytes"),
    [
        (image_file(noise(200)), 20_000),
        (image_file(noise(300), quality=20), 60_000),
        (image_file(np.full((400, 400, 3), 128, np.uint8)), 5_200),
    ],
    ids=["original", "working copy", "label map"],
)
def test_an_upload_is_refused_and_leaves_nothing(
    client: Client, own_media: Path, settings: Any, data: bytes, n_bytes: int, django_capture_on_commit_callbacks: Any
) -> None:
    settings.N_SUPERPIXELS = 2000
    with files_up_to(n_bytes), django_capture_on_commit_callbacks(execute=True):
        response = post(client, data, headers=HTMX)
    assert response.status_code == 507 and SENTENCE in response.content.decode()
    assert nothing_is_there(own_media)
    assert post(client, data).status_code == 302


def test_so_it_is_where_the_request_itself_finds_no_room(client: Client, own_media: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    data = image_file(noise(200))
    with files_up_to(20_000):
        response = post(client, data)
    assert response.status_code == 507
    assert SENTENCE in response.content.decode() and "<html" in response.content.decode()
    assert nothing_is_there(own_media)


class BrokenOff(io.BytesIO):
    """What a browser sends that is closed in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError("The connection is reset.")


def test_who_breaks_off_is_no_error_of_the_site(client: Client) -> None:
    form: dict[str, Any] = {"CONTENT_LENGTH": "1000", "wsgi.input": BrokenOff()}
    response = client.generic("POST", "/photos/", content_type="multipart/form-data; boundary=x", **form)
    assert response.status_code == 400


def test_so_it_is_where_the_database_finds_none(client: Client, own_media: Path, refuse: Callable[..., None]) -> None:
    refuse("selector_photo")
    response = post(client, image_file())
    assert response.status_code == 507 and SENTENCE in response.content.decode()
    assert nothing_is_there(own_media)


@pytest.fixture
def refuse() -> Any:
    """Let the database find no room for rows of a table, or only at the end of the transaction."""
    made = []

    def refuse(table: str, *, at_the_end: bool = False) -> None:
        made.append(table)
        when = "CONSTRAINT TRIGGER full_disk AFTER" if at_the_end else "TRIGGER full_disk BEFORE"
        deferred = "DEFERRABLE INITIALLY DEFERRED" if at_the_end else ""
        with connection.cursor() as cursor:
            cursor.execute("""
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$
            """)
            cursor.execute(
                f"CREATE {when} INSERT OR UPDATE ON {table} {deferred} FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )

    yield refuse
    with connection.cursor() as cursor:
        for table in made:
            cursor.execute(f"DROP TRIGGER full_disk ON {table}; DROP FUNCTION full_disk()")


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_cannot_be_committed_leaves_no_files(
    alice: Any, bob: Any, own_media: Path, refuse: Callable[..., None]
) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    label_map = label_maps.get_or_compute(photo)
    selection = Selection.objects.create(label_map=label_map, owner=alice, state=bytes(16))
    SharedSelection.objects.share(selection, Person(user=alice))
    before = files_under(own_media)
    refuse("selector_selection", at_the_end=True)
    with pytest.raises(Error):
        open_copy(SharedSelection.objects.get(), Person(user=bob))
    assert files_under(own_media) == before and Photo.objects.get() == photo


@pytest.mark.django_db(transaction=True)
def test_a_turn_that_cannot_be_committed_changes_no_files(
    alice: Any, own_media: Path, refuse: Callable[..., None]
) -> None:
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    label_maps.get_or_compute(photo)
    before = files_under(own_media)
    refuse("selector_photo", at_the_end=True)
    with pytest.raises(Error):
        turn(photo)
    assert files_under(own_media) == before
