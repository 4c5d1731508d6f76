"""Taking all along: what is in the file, how it is made, and who gets it."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs as account_jobs
from accounts.exports import making, streams
from accounts.exports.names import UniqueNames, safe
from accounts.exports.streams import Entry, StreamedFile, zipped
from accounts.models import ApiToken, Export
from gallery import clearing, jobs
from gallery.collection.importing import collect
from gallery.index.indexing_process import IndexingProcesses
from gallery.models import GalleryImage, Search
from selector.models import Photo, Selection, SharedSelection
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.selecting import select_instead
from tests.pictures import eighths, image_file
from tests.small_disk import files_under

pytestmark = pytest.mark.django_db
EXPORT = "/accounts/export/"
ASK, CANCEL, DOWNLOAD = (f"{EXPORT}{what}/" for what in ("ask", "cancel", "download"))


def run_job() -> None:
    """As the worker does with the oldest job."""
    job = ProcrastinateJob.objects.filter(task_name=account_jobs.MAKE_EXPORT).order_by("pk")[0].procrastinate_job
    context = JobContext(
        app=app,
        job=job,
        start_timestamp=0.0,
        abort_reason=lambda: None,
        additional_context={"processes": IndexingProcesses()},
    )
    account_jobs.make_export.func(context, **job.task_kwargs)


def made_for(person: Person) -> Export:
    account_jobs.defer_export(person)
    export = Export.objects.owned_by(person).get()
    making.make(export.pk)
    export.refresh_from_db()
    return export


def downloaded(client: Client) -> zipfile.ZipFile:
    answer = client.get(DOWNLOAD)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer)))


def things(person: Person) -> Photo:
    """Two photos of one name; one with all that can be on it."""
    store_photo(image_file(eighths(), "PNG"), "Quarters.JPG", owner=person.user, visitor=person.visitor)
    photo = store_photo(image_file(), "quarters.jpg", owner=person.user, visitor=person.visitor)
    label_map = label_maps.get_or_compute(photo)
    select_instead(person, label_map, np.arange(label_map.n_superpixels) < 5)
    selection = label_map.selections.get()
    SharedSelection.objects.share(selection, person)
    search = Search.objects.find_or_create(person, label_map, bytes(selection.state), {"words": "a red thing"})
    collect([photo])
    image = GalleryImage.objects.get(photo=photo)
    GalleryImage.objects.filter(pk=image.pk).update(title="Four, of them", licence="CC0")
    image.tags.add("red", "blue")
    search.toggle_feedback(image, [0], liked=True)
    return photo


# What is in it


def test_all_that_is_a_persons_is_in_it(alice: User, alice_client: Client, few_superpixels: None) -> None:
    photo = things(Person(alice))
    token, secret = ApiToken.objects.make(alice, "Notebook", ["read", "write"], 30)
    made_for(Person(alice))
    archive = downloaded(alice_client)
    assert archive.testzip() is None
    assert set(archive.namelist()) == {
        *("README.txt", "account.json", "photos.json", "searches.json", "links.json", "offers.json"),
        *("photos/Quarters.JPG", "photos/quarters (2).jpg", "collection.json", "collection.csv"),
        *(f"selections/quarters (2).{kind}" for kind in ("json", "mask.png", "superpixels.png")),
    }
    assert archive.read("photos/quarters (2).jpg") == image_file(), "the original to the last bit"

    def read(name: str) -> Any:
        return json.loads(archive.read(name))

    account = read("account.json")
    assert account["user_name"] == "alice" and account["emails"] == [{"email": "alice@example.com"}]
    (told,) = account["tokens"]
    assert (told["name"], told["scopes"], told["last_used"]) == ("Notebook", ["read", "write"], None)
    # Neither what a program sends, nor the hash of it.
    for kept in (secret, secret.removeprefix("superpixel_"), token.secret_sha256):
        assert kept.encode() not in archive.read("account.json")
    assert [row["file"] for row in read("photos.json")] == ["photos/Quarters.JPG", "photos/quarters (2).jpg"]
    assert [row["width_mm"] for row in read("photos.json")] == [None, None], "their files do not say"
    selection = read("selections/quarters (2).json")
    assert selection["included"] == [0, 1, 2, 3, 4] and selection["photo"] == "photos/quarters (2).jpg"
    assert len(selection["superpixels"]["merge_tree"]) == 2 * selection["superpixels"]["number"] - 1
    mask = np.asarray(Image.open(archive.open("selections/quarters (2).mask.png")))
    numbers = np.asarray(Image.open(archive.open("selections/quarters (2).superpixels.png")))
    assert mask.shape == numbers.shape == (160, 240) and np.array_equal(mask, numbers < 5)
    assert numbers.max() == label_maps.get_or_compute(photo).n_superpixels - 1
    (search,) = read("searches.json")
    assert search["options"] == {"words": "a red thing"}
    assert search["feedback"] == [{"image": "Four, of them", "liked": True}]
    assert read("links.json")[0]["photo"] == "photos/quarters (2).jpg"
    assert read("collection.json")[0]["tags"] == ["blue", "red"]
    (row,) = csv.DictReader(io.StringIO(archive.read("collection.csv").decode()))
    assert (row["title"], row["licence"], row["tags"]) == ("Four, of them", "CC0", "blue, red")
    readme = archive.read("README.txt").decode()
    assert all(name.partition("/")[0] in readme for name in archive.namelist()[1:])


def test_nothing_of_others_is_in_it(alice: User, bob: User, bob_client: Client, few_superpixels: None) -> None:
    things(Person(alice))
    made_for(Person(bob))
    archive = downloaded(bob_client)
    assert not [name for name in archive.namelist() if "/" in name]
    assert b"alice" not in b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.django_db(transaction=True)
def test_a_visitor_takes_theirs_along(client: Client, few_superpixels: None) -> None:
    client.post("/photos/", {"image": SimpleUploadedFile("mine.jpg", image_file())})
    assert EXPORT in client.get("/photos/").content.decode()
    client.post(ASK)
    run_job()
    archive = downloaded(client)
    assert "photos/mine.jpg" in archive.namelist() and "account.json" not in archive.namelist()


def test_what_the_storage_has_lost_is_named(alice: User, alice_client: Client, photo: Photo) -> None:
    photo.original.storage.delete(str(photo.original.name))
    made_for(Person(alice))
    archive = downloaded(alice_client)
    assert "photos/quarters.jpg" not in archive.namelist()
    assert "photos/quarters.jpg" in archive.read("missing.txt").decode()


def test_a_selection_on_a_public_image_names_it(alice: User, alice_client: Client, photo: Photo) -> None:
    collect([photo])
    Photo.objects.update(is_public=True, owner=None)
    label_map = label_maps.get_or_compute(photo)
    select_instead(Person(alice), label_map, np.arange(label_map.n_superpixels) < 5)
    made_for(Person(alice))
    archive = downloaded(alice_client)
    (name,) = [name for name in archive.namelist() if name.endswith(".json") and "/" in name]
    assert json.loads(archive.read(name))["photo"] == "collection: Quarters"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a:b?.jpg", "a_b_.jpg"),
        ("NUL.jpg", "_NUL.jpg"),
        ("  . ", "_"),
        ("tab\there", "tab_here"),
        ("u\u0308", "ü"),
        ("ä" * 200 + ".jpg", "ä" * 88 + ".jpg"),
    ],
)
def test_names_are_such_as_every_system_takes(name: str, expected: str) -> None:
    assert safe(name) == expected


def test_names_are_given_once_whatever_their_letters() -> None:
    names = UniqueNames()
    assert [names.give(name) for name in ("a.jpg", "A.JPG", "a (2).jpg", "a.jpg", "ä", "Ä")] == [
        *("a.jpg", "A (2).JPG", "a (2) (2).jpg", "a (3).jpg", "ä", "Ä (2)"),
    ]


# How it is written


def test_a_large_file_is_written_piece_by_piece() -> None:
    """200 MB of entries; what is held at once is a piece and the list of names."""
    piece = os.urandom(2**20)
    now = timezone.now()
    entries = (Entry(f"photos/{n}.jpg", [piece] * 20, now, is_packed=True) for n in range(10))
    longest = total = 0
    for part in zipped(entries):
        longest, total = max(longest, len(part)), total + len(part)
    assert total > 200 * 2**20 and longest < 2 * 2**20


@pytest.mark.parametrize("by", ["chunks", "read"])
def test_it_is_the_same_file_for_a_folder_and_for_a_bucket(by: str) -> None:
    now = timezone.now()
    entries = [Entry("a.txt", [b"Dear Sir or ", b"Madam"], now), Entry("b/c.bin", [b"\0" * 5000], now, is_packed=True)]
    file = StreamedFile(zipped(entries), "x.zip")
    parts = list(file.chunks()) if by == "chunks" else list(iter(lambda: file.read(1000), b""))
    data = b"".join(parts)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert file.n_bytes == len(data) and archive.testzip() is None
    assert archive.read("a.txt") == b"Dear Sir or Madam" and archive.read("b/c.bin") == b"\0" * 5000
    assert archive.getinfo("b/c.bin").compress_type == zipfile.ZIP_STORED


# How it is asked for, watched and ended


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_how_far_it_is(alice: User, alice_client: Client, few_superpixels: None) -> None:
    things(Person(alice))
    assert "Make the file" in alice_client.get(EXPORT).content.decode()
    alice_client.post(ASK)
    page = alice_client.get(EXPORT).content.decode()
    assert "waiting for its turn" in page and 'hx-trigger="every 2s"' in page
    Export.objects.get().begin(3)
    Export.objects.get().note_progress(2)
    part = alice_client.get(EXPORT, headers={"HX-Request": "true"}).content.decode()
    assert "2 of 3 photos and selections" in part and part.strip().startswith('<div id="export"')
    run_job()
    page = alice_client.get(EXPORT).content.decode()
    assert DOWNLOAD in page and "hx-trigger" not in page


def test_one_is_made_at_a_time(alice_client: Client, photo: Photo) -> None:
    alice_client.post(ASK)
    alice_client.post(ASK)
    assert Export.objects.count() == 1
    assert ProcrastinateJob.objects.filter(task_name=account_jobs.MAKE_EXPORT).count() == 1


@pytest.mark.django_db(transaction=True)
def test_asking_again_replaces_the_file(alice: User, alice_client: Client, own_media: Path, photo: Photo) -> None:
    first = made_for(Person(alice))
    second = made_for(Person(alice))
    assert first.pk != second.pk
    assert {name for name in files_under(own_media) if name.startswith("exports")} == {f"exports/{second.pk}.zip"}


@pytest.mark.django_db(transaction=True)
def test_cancelling_deletes_what_there_is(alice: User, alice_client: Client, own_media: Path, photo: Photo) -> None:
    made_for(Person(alice))
    alice_client.post(CANCEL)
    assert not Export.objects.exists() and not any("exports" in name for name in files_under(own_media))
    assert alice_client.get(DOWNLOAD).status_code == 404


def test_cancelling_stops_what_is_being_made(
    alice: User, own_media: Path, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SECONDS_BETWEEN_NOTES", -1)
    account_jobs.defer_export(Person(alice))
    export = Export.objects.get()

    def cancelled(entries: Iterator[Entry]) -> Iterator[bytes]:
        for n, _ in enumerate(entries):
            if n == 1:
                Export.objects.all().delete()
            assert n < 3, "it goes on though nobody wants it"
            yield b"a part"

    monkeypatch.setattr(making, "zipped", cancelled)
    making.make(export.pk)
    assert not any("exports" in name for name in files_under(own_media))


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_killed_leaves_nothing_and_it_is_made_again(
    alice: User, alice_client: Client, own_media: Path, photo: Photo
) -> None:
    account_jobs.defer_export(Person(alice))
    export = Export.objects.get()
    connection.close()
    if (child := os.fork()) == 0:

        def deadly(entries: Iterable[Entry]) -> Iterator[bytes]:
            for part in streams.zipped(entries):
                yield part
                if Photo.objects.exists():
                    os._exit(9)

        making.zipped = deadly  # type: ignore[attr-defined]
        try:
            making.make(export.pk)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    export.refresh_from_db()
    assert export.is_under_way and not export.file
    assert [name for name in files_under(own_media) if "exports" in name and not name.endswith(".part")] == []
    making.make(export.pk)
    assert "photos/quarters.jpg" in downloaded(alice_client).namelist()
    for name in files_under(own_media):
        os.utime(own_media / name, (0, 0))
    for _ in making.delete_outdated():
        pass
    assert {n for n in files_under(own_media) if "exports" in n} == {f"exports/{export.pk}.zip"}


def test_jobs_of_dead_workers_begin_again(alice: User, photo: Photo) -> None:
    account_jobs.defer_export(Person(alice))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE queue_name = %s", [jobs.LONG_QUEUE])
    jobs.sweep()
    assert ProcrastinateJob.objects.get(queue_name=jobs.LONG_QUEUE).status == "todo"


@pytest.mark.django_db(transaction=True)
def test_one_that_always_fails_is_given_up(
    alice: User, alice_client: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.JOB_ATTEMPTS = 1

    def fail(entries: Iterator[Entry]) -> Iterator[bytes]:
        raise OSError("The storage is away.")

    monkeypatch.setattr(making, "zipped", fail)
    account_jobs.defer_export(Person(alice))
    with pytest.raises(OSError, match="away"):
        run_job()
    assert "It could not be made." in alice_client.get(EXPORT).content.decode()


@pytest.mark.django_db(transaction=True)
def test_it_ends_after_some_days(alice: User, alice_client: Client, own_media: Path, photo: Photo) -> None:
    made_for(Person(alice))
    assert making.delete_outdated in clearing.ROWS
    for _ in making.delete_outdated():
        pass
    assert Export.objects.exists(), "not yet"
    Export.objects.update(created=timezone.now() - Export.LIFETIME - clearing.NEW)
    for _ in making.delete_outdated():
        pass
    assert not Export.objects.exists() and not any("exports" in name for name in files_under(own_media))


# Who gets it


def test_its_owner_alone_downloads_it(alice: User, alice_client: Client, bob_client: Client, photo: Photo) -> None:
    export = made_for(Person(alice))
    answer = alice_client.get(DOWNLOAD)
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert answer["Content-Disposition"].startswith('attachment; filename="superpixel-search-')
    assert answer["Content-Length"] == str(export.n_bytes) and answer["Content-Type"] == "application/zip"
    for stranger in (bob_client, Client()):
        assert stranger.get(DOWNLOAD).status_code == 404
        stranger.post(CANCEL)
    assert Export.objects.exists()
    assert "no-store" in alice_client.get(EXPORT)["Cache-Control"]


def test_who_has_nothing_is_told_so(client: Client) -> None:
    assert "There is nothing of yours here yet" in client.get(EXPORT).content.decode()
    assert client.post(ASK).status_code == 409
    assert not Export.objects.exists()


def test_at_sign_in_a_visitors_export_goes(client: Client, alice: User, few_superpixels: None) -> None:
    client.post("/photos/", {"image": SimpleUploadedFile("mine.jpg", image_file())})
    client.post(ASK)
    client.post("/accounts/login/", {"login": "alice", "password": "a-long-passphrase"})
    assert not Export.objects.exists() and Photo.objects.get().owner == alice
    assert not Selection.objects.exists()
    assert default_storage.exists(str(Photo.objects.get().original.name))
