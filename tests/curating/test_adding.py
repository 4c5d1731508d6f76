"""Curators add files and archives in the browser: announced, sent one by one or in parts, each with its answer."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.signing_in.roles import make_curator
from curating import clearing, jobs
from curating.importing import parts
from curating.models import BulkTask, ImportItem
from gallery.models import GalleryImage
from tests.curating.archives import MANIFEST, archive
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]
PICTURE = image_file()
PART = 2000


@pytest.fixture
def curator(bob: User) -> Client:
    make_curator(bob)
    client = Client()
    client.force_login(bob)
    return client


def announce(client: Client, *files: tuple[str, int], **said: str) -> dict[str, Any]:
    answer = client.post("/curating/add/files/", {"announced": json.dumps(files), **said})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def send(client: Client, address: str, path: str, data: bytes) -> str:
    sent = {"path": path, "image": SimpleUploadedFile("any", data)}
    return client.post(address, sent, headers={"HX-Request": "true"}).content.decode()


def begin_archive(client: Client, data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = client.post(
        "/curating/add/archive/", {"name": "harbour.zip", "n_bytes": len(data), "tags": "all"}
    ).json()
    return found


def send_part(client: Client, begun: dict[str, Any], data: bytes, offset: int) -> int:
    part = SimpleUploadedFile("part", data[offset : offset + parts.PART_BYTES])
    return client.post(begun["part"], {"offset": offset, "image": part}).status_code


def test_files_are_announced_and_what_would_not_be_taken_is_not_sent(curator: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 2**20
    files = [("h/a.jpg", 9), ("h/@eaDir/a.jpg", 9), ("h/@eaDir/b.jpg", 9), ("h/film.jpg", 2**21), ("h/Thumbs.db", 9)]
    said = announce(curator, *files, ("manifest.csv", 9), ("h/a.jpg", 9))
    assert said["send"] == [[0, "h/a.jpg"], [6, "h/a (2).jpg"]]
    assert [path for path, _ in said["left_out"]] == ["h/@eaDir", "h/film.jpg", "h/Thumbs.db", "manifest.csv"]
    assert "at most 1.0 MB" in dict(said["left_out"])["h/film.jpg"]
    assert "ZIP archive" in dict(said["left_out"])["manifest.csv"]
    task = BulkTask.objects.get()
    assert (task.state, task.total, task.failed, task.skipped) == ("working", 6, 1, 3)


def test_each_file_is_answered_with_what_became_of_it_and_the_last_ends_the_import(curator: Client) -> None:
    said = announce(curator, ("a.jpg", 9), ("again.jpg", 9), ("b.jpg", 9), tags="red, café", licence="CC0 1.0")
    assert 'data-state="new"' in send(curator, said["file"], "a.jpg", PICTURE)
    assert 'data-state="known"' in send(curator, said["file"], "again.jpg", PICTURE)
    assert 'data-state="refused"' in send(curator, said["file"], "b.jpg", b"Dear Sir or Madam")
    image = GalleryImage.objects.get()
    assert set(image.tags.names()) == {"red", "café"} and image.licence == "CC0 1.0"
    task = BulkTask.objects.get()
    assert (task.state, task.done, task.failed) == ("done", 2, 1)
    assert "is done already" in send(curator, said["file"], "late.jpg", PICTURE)
    assert "3 of 3" in curator.get("/curating/add/").content.decode()


def test_a_file_whose_answer_was_lost_is_sent_again_and_is_the_same(curator: Client) -> None:
    said = announce(curator, ("a.jpg", 9), ("b.jpg", 9))
    for _ in range(2):
        assert 'data-state="new"' in send(curator, said["file"], "a.jpg", PICTURE)
    assert GalleryImage.objects.count() == ImportItem.objects.count() == 1
    assert curator.post(said["end"]).status_code == 204
    task = BulkTask.objects.get()
    assert (task.state, task.total, task.done) == ("done", 1, 1), "no more came"


def test_only_who_announced_files_sends_them(curator: Client, alice: User) -> None:
    said = announce(curator, ("a.jpg", 9))
    make_curator(alice)
    other = Client()
    other.force_login(alice)
    assert other.post(said["file"], {"path": "a.jpg"}).status_code == 404
    page = curator.get(said["task"]).content.decode()
    assert "pause" not in page and "/cancel/" in page
    assert curator.post(f"{said['task']}pause/").status_code == 409


def test_an_archive_comes_in_parts_and_is_imported_with_its_manifest(
    curator: Client, monkeypatch: pytest.MonkeyPatch, own_media: Path
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", PART)
    data = archive({"manifest.csv": MANIFEST, "box/a.jpg": PICTURE, "b.png": image_file(fmt="PNG")})
    begun = begin_archive(curator, data)
    assert send_part(curator, begun, data, 500) == 409, "no part begins there"
    offsets = [*range(0, len(data), PART)]
    # The second is sent twice: its answer was lost.
    statuses = [send_part(curator, begun, data, offset) for offset in [0, PART, *offsets[1:]]]
    assert statuses == [204] * len(offsets) + [200]
    task = BulkTask.objects.get()
    assert (task.state, task.is_sending) == ("waiting", False)
    for _ in clearing.delete_outdated():
        pass
    jobs.take_turn(task.pk)
    task.refresh_from_db()
    assert (task.state, task.done) == ("done", 2)
    image = GalleryImage.objects.get(title="The box")
    assert set(image.tags.names()) == {"all", "red", "café"}
    assert list(own_media.rglob("part-*")) == []


def test_an_archive_of_which_no_more_comes_is_given_up(
    curator: Client, monkeypatch: pytest.MonkeyPatch, own_media: Path
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES", PART)
    data = archive({"a.jpg": PICTURE})
    begun = begin_archive(curator, data)
    send_part(curator, begun, data, 0)
    BulkTask.objects.update(heard=timezone.now() - datetime.timedelta(hours=2))
    for _ in clearing.delete_outdated():
        pass
    assert BulkTask.objects.get().state == "cancelled"
    assert list(own_media.rglob("part-*")) == []
    assert send_part(curator, begun, data, PART) == 409


def test_an_archive_that_is_too_large_is_refused_before_it_comes(curator: Client, settings: Any) -> None:
    settings.MAX_ARCHIVE_BYTES = 2**20
    answer = curator.post("/curating/add/archive/", {"name": "a.zip", "n_bytes": 2**20 + 1})
    assert answer.status_code == 413 and "larger than 1 MB" in answer.content.decode()
    assert not BulkTask.objects.exists()


def test_without_javascript_files_and_archives_are_sent_in_one_form(curator: Client) -> None:
    files = [
        SimpleUploadedFile("a.jpg", PICTURE),
        SimpleUploadedFile("a.jpg", image_file(quality=60)),
        SimpleUploadedFile("more.zip", archive({"c.jpg": image_file(quality=50)})),
    ]
    answer = curator.post("/curating/add/", {"upload": files, "tags": "all"})
    assert answer["Location"] == "/curating/tasks/"
    for task in BulkTask.objects.all():
        jobs.take_turn(task.pk)
    tasks = set(BulkTask.objects.values_list("title", "state", "done"))
    assert tasks == {("2 files", "done", 2), ("more.zip", "done", 1)}
    assert GalleryImage.objects.tagged("all").count() == 3


@pytest.mark.parametrize("sent", ["", "7", '[["a.jpg"]]', '[["a.jpg", -1]]', '[["", 1]]', "[]", '[["a", true, 1]]'])
def test_a_list_of_files_that_cannot_be_read_is_refused(curator: Client, sent: str) -> None:
    assert curator.post("/curating/add/files/", {"announced": sent}).status_code == 422
    assert not BulkTask.objects.exists()


def test_nobody_else_adds(alice_client: Client, client: Client) -> None:
    for address in ("/curating/add/", "/curating/add/files/", "/curating/add/archive/"):
        assert alice_client.post(address).status_code == 404
        assert client.post(address)["Location"].startswith("/accounts/login/")
