"""`manage.py check_storage`: what the storage has and the database does not know, and the other way round."""

from __future__ import annotations

import datetime
import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.management import call_command

from selector.models import LabelMap, Photo, SharedSelection
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.selecting import select_instead
from selector.services.sharing import open_copy
from tests.pictures import image_file
from tests.small_disk import files_under

pytestmark = pytest.mark.django_db


def check(*options: str) -> tuple[str, int]:
    """What the command says, and its exit code."""
    out = io.StringIO()
    try:
        call_command("check_storage", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def make_old(path: Path, hours: int = 2) -> None:
    then = (datetime.datetime.now() - datetime.timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))


@pytest.fixture
def label_map(own_media: Path, photo: Photo) -> LabelMap:
    """Of a photo with all its files, in a storage of its own."""
    return label_maps.get_or_compute(photo)


@pytest.fixture
def stray(own_media: Path, label_map: LabelMap) -> Path:
    """A file that no row names."""
    path = own_media / "photos" / "ab" / "abcdef" / "stray.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nobody's")
    return path


def test_a_storage_in_order(label_map: LabelMap) -> None:
    assert check() == ("3 files: all in order.\n", 0)


def test_an_orphan_is_told_and_left(stray: Path) -> None:
    make_old(stray)
    said, code = check()
    assert "orphaned: photos/ab/abcdef/stray.jpg\n" in said and code == 0
    assert stray.exists()


def test_an_orphan_is_deleted_once_it_is_old(stray: Path, own_media: Path) -> None:
    said, _ = check("--repair")
    assert "1 orphaned" in said and stray.exists()
    make_old(stray)
    make_old(stray.parent)
    said, code = check("--repair")
    assert "1 deleted" in said and code == 0 and not stray.exists()
    assert len(files_under(own_media)) == 3
    check("--repair", "--older-than", "0")
    assert not stray.parent.exists(), "nor does its folder stay"


def test_what_a_killed_upload_left_is_an_orphan(own_media: Path, label_map: LabelMap) -> None:
    partial = Path(label_map.photo.working.path).parent / ".0123.part"
    partial.write_bytes(b"half a pic")
    assert "1 deleted" in check("--repair", "--older-than", "0")[0]
    assert not partial.exists() and check()[1] == 0


@pytest.mark.parametrize("field", ["original", "working", "labels"])
def test_a_missing_file_is_told(label_map: LabelMap, field: str) -> None:
    file = getattr(label_map if field == "labels" else label_map.photo, field)
    Path(file.path).unlink()
    said, code = check()
    assert f"missing: {file.name} ({field} of Photo {label_map.photo_id}" in said and code == 1


def test_what_can_be_made_again_is(label_map: LabelMap) -> None:
    paths = [Path(label_map.photo.working.path), Path(label_map.labels.path)]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    said, code = check("--repair")
    assert "2 made again" in said and code == 0
    assert [path.read_bytes() for path in paths] == before


def test_a_copy_from_a_link_is_made_again_from_its_own_original(label_map: LabelMap, alice: Any, bob: Any) -> None:
    select_instead(Person(user=alice), label_map, label_maps.load(label_map).areas > 0)
    SharedSelection.objects.share(label_map.selections.get(), Person(user=alice))
    path = Path(open_copy(SharedSelection.objects.get(), Person(user=bob)).working.path)
    before = path.read_bytes()
    path.unlink()
    assert check("--repair")[1] == 0 and path.read_bytes() == before


def test_what_cannot_be_made_again_is_said(label_map: LabelMap) -> None:
    for file in (label_map.photo.original, label_map.photo.working):
        Path(file.path).unlink()
    said, code = check("--repair")
    assert "2 missing" in said and code == 1


def test_another_working_copy_never_takes_the_place_of_a_lost_one(label_map: LabelMap) -> None:
    path = Path(label_map.photo.working.path)
    path.unlink()
    Photo.objects.update(working_sha256="0" * 64)
    assert check("--repair")[1] == 1 and not path.exists()


def test_few_of_many_are_listed(own_media: Path, alice: Any, few_superpixels: None) -> None:
    for _ in range(21):
        photo = store_photo(image_file(), "a.jpg", owner=alice)
        Path(photo.original.path).unlink()
    said, _ = check()
    assert said.count("missing: ") == 20 and "21 missing" in said


def test_so_it_is_in_a_storage_without_folders(
    alice: Any, few_superpixels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the methods that every storage of Django has: a bucket, say."""
    storage = InMemoryStorage()
    monkeypatch.setattr(default_storage, "_wrapped", storage)
    photo = store_photo(image_file(), "a.jpg", owner=alice)
    label_maps.get_or_compute(photo)
    storage.save("photos/ab/abc/stray.jpg", ContentFile(b"nobody's"))
    storage.delete(str(photo.working.name))
    said, code = check("--repair", "--older-than", "0")
    assert code == 0 and "1 deleted, 1 made again" in said
