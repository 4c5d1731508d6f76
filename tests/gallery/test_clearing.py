"""What the worker clears away, and what it leaves."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from gallery import clearing
from gallery.management.commands.worker import Housekeeper
from gallery.models import Clearing, GalleryImage, KeptRanking, Search
from selector.models import LabelMap, Photo, Selection, SharedSelection, Visitor
from selector.people import Person
from selector.services import label_maps
from selector.services.clearing import delete_files_without_rows, forget_visitors
from selector.services.photos import store_photo
from selector.services.selecting import select_instead
from selector.services.storage_check import prefixes
from superpixel_site.shared_cache import TABLE
from tests.gallery.discs import AddImage
from tests.pictures import image_file
from tests.small_disk import files_under

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def clear(django_capture_on_commit_callbacks: Any) -> Any:
    """Clears away, whether or not it is due; files go when the transaction is over."""

    def clear() -> None:
        Clearing.objects.update(due=LONG_AGO)
        with django_capture_on_commit_callbacks(execute=True):
            clearing.clear_away()

    return clear


def own_things(**owner: Any) -> Photo:
    """A photo of a person's with all that can be on it."""
    person = Person(owner.get("owner"), owner.get("visitor"))
    photo = store_photo(image_file(), "a.jpg", **owner)
    label_map = label_maps.get_or_compute(photo)
    select_instead(person, label_map, np.arange(label_map.n_superpixels) < 5)
    selection = label_map.selections.get()
    SharedSelection.objects.share(selection, person)
    Search.objects.find_or_create(person, label_map, bytes(selection.state))
    return photo


def a_visitor(*, gone: bool) -> Any:
    visitor = Visitor.objects.create()
    if gone:
        Visitor.objects.filter(pk=visitor.pk).update(last_seen=LONG_AGO)
    return visitor.pk


def make_old(path: Path) -> None:
    os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))


# Visitors


def test_a_visitor_who_stays_away_is_forgotten_with_all_that_is_theirs(own_media: Path, clear: Any) -> None:
    visitor = a_visitor(gone=False)
    photo = own_things(visitor=visitor)
    assert len(files_under(own_media)) == 3
    clear()
    assert Photo.objects.get() == photo, "not yet"
    Visitor.objects.update(last_seen=LONG_AGO)
    clear()
    for model in (Photo, LabelMap, Selection, SharedSelection, Search, Visitor):
        assert not model.objects.exists(), model
    assert files_under(own_media) == set()


def test_what_they_did_on_public_images_goes_too(add_image: AddImage, clear: Any) -> None:
    image = add_image()
    person = Person(visitor=a_visitor(gone=True))
    label_map = label_maps.get_or_compute(image.photo)
    select_instead(person, label_map, np.arange(label_map.n_superpixels) < 5)
    Search.objects.find_or_create(person, label_map, bytes(label_map.selections.get().state))
    clear()
    assert not Selection.objects.exists() and not Search.objects.exists()
    assert GalleryImage.objects.get() == image and LabelMap.objects.get() == label_map


def test_others_keep_everything(alice: Any, add_image: AddImage, own_media: Path, clear: Any) -> None:
    add_image()
    kept = {own_things(owner=alice), own_things(visitor=a_visitor(gone=False)), GalleryImage.objects.get().photo}
    own_things(visitor=a_visitor(gone=True))
    clear()
    assert set(Photo.objects.all()) == kept
    assert Search.objects.count() == SharedSelection.objects.count() == 2


def test_many_photos_go_in_several_steps(monkeypatch: pytest.MonkeyPatch, few_superpixels: None) -> None:
    monkeypatch.setattr("selector.services.clearing.PHOTOS_AT_ONCE", 2)
    visitor = a_visitor(gone=True)
    for _ in range(5):
        store_photo(image_file(), "a.jpg", visitor=visitor)
    steps = forget_visitors()
    next(steps)
    assert Photo.objects.count() == 3 and Visitor.objects.exists()
    Visitor.objects.see(visitor)
    assert len(list(steps)) == 1 and Photo.objects.count() == 3, "who comes back keeps what is left"
    Visitor.objects.update(last_seen=LONG_AGO)
    assert len(list(forget_visitors())) == 3 and not Visitor.objects.exists()


# Label maps


@pytest.mark.parametrize("needed_by", ["nobody", "selection", "link", "search", "region", "today"])
def test_label_maps_of_earlier_settings_stay_while_somebody_needs_them(
    alice: Any, add_indexed: AddImage, clear: Any, needed_by: str
) -> None:
    photo = add_indexed().photo if needed_by == "region" else own_things(owner=alice)
    LabelMap.objects.update(created=LONG_AGO, engine="slic 0")
    if needed_by == "today":
        LabelMap.objects.update(**label_maps.todays_key())
    users: dict[str, Any] = {"selection": Selection, "link": SharedSelection, "search": Search}
    for name, model in users.items():
        if name != needed_by:
            model.objects.all().delete()
    clear()
    assert Photo.objects.filter(pk=photo.pk).exists()
    assert LabelMap.objects.exists() == (needed_by != "nobody")


# Results that were kept, and sessions


def test_kept_rankings_sessions_and_counts_end(alice: Any, client: Any, clear: Any) -> None:
    own_things(owner=alice)
    cache.set("over", 1, timeout=-1)
    cache.set("counting", 1, timeout=60)
    cache.set("for-ever", 1, timeout=None)
    for created in (LONG_AGO, timezone.now()):
        ranking = KeptRanking.objects.create(search=Search.objects.get(), data=b"")
        KeptRanking.objects.filter(pk=ranking.pk).update(created=created)
        Session.objects.create(session_key=str(created), session_data="", expire_date=created + clearing.NEW)
    clear()
    assert KeptRanking.objects.get() == ranking
    assert Session.objects.get().expire_date > timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT cache_key FROM {TABLE} ORDER BY 1")
        assert cursor.fetchall() == [(":1:counting",), (":1:for-ever",)]


# Files


@pytest.mark.parametrize("name", ["originals/ab/nobodys", "photos/ab/abc/1.jpg", "label_maps/ab/abc/.123.part"])
def test_files_without_rows_go_once_they_are_old(alice: Any, own_media: Path, clear: Any, name: str) -> None:
    own_things(owner=alice)
    stray = own_media / name
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"nobody's")
    clear()
    assert stray.exists(), "an upload stores its files before its row"
    make_old(stray)
    clear()
    assert len(files_under(own_media)) == 3 and not stray.exists()


def test_where_most_files_have_no_rows_the_database_is_the_wrong_one(alice: Any, own_media: Path, clear: Any) -> None:
    photo = own_things(owner=alice)
    for name in files_under(own_media):
        make_old(own_media / name)
    before = files_under(own_media)
    Photo.objects.filter(pk=photo.pk).delete()  # as in a database from before; no transaction ends here
    clear()
    assert files_under(own_media) == before


def test_a_large_storage_is_looked_through_in_parts(alice: Any, own_media: Path, few_superpixels: None) -> None:
    for _ in range(3):
        store_photo(image_file(), "a.jpg", owner=alice)
    last = prefixes()[-1]
    assert delete_files_without_rows(int(last, 16), seconds=0) == int(last, 16), "there was no time for any"
    assert delete_files_without_rows(int(last, 16), seconds=60) == 0, "all were looked at"


# When


@pytest.mark.django_db(transaction=True)
def test_it_is_done_once_an_hour_by_all_workers_together() -> None:
    clearing.clear_away()
    visitor = a_visitor(gone=True)
    Housekeeper().go_round()
    Housekeeper().go_round()
    assert Visitor.objects.filter(pk=visitor).exists()
    Clearing.objects.update(due=timezone.now())
    Housekeeper().go_round()
    assert not Visitor.objects.filter(pk=visitor).exists()
    assert Clearing.objects.get().due > timezone.now() + datetime.timedelta(minutes=50)


def test_what_takes_longer_is_gone_on_with_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "SECONDS", -1)
    for _ in range(2):
        a_visitor(gone=True)
    clearing.clear_away()
    assert Visitor.objects.count() == 1
    assert Clearing.objects.get().due < timezone.now() + datetime.timedelta(minutes=2)


def test_what_fails_stops_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise OSError("The storage is away.")

    monkeypatch.setattr(clearing, "ROWS", (fail, forget_visitors))
    a_visitor(gone=True)
    clearing.clear_away()
    assert not Visitor.objects.exists()
