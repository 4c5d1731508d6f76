"""Archives and manifests become images: once, with what is known of them, and with a reason for all that does not."""

from __future__ import annotations

import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from curating import jobs
from curating.importing import Wanted, start_dropping, start_from_upload, take_dropped
from curating.models import BulkTask, ImportItem
from gallery.models import GalleryImage
from selector.models import Photo
from tests.curating.archives import MANIFEST, archive
from tests.curating.test_importing_folders import read_report
from tests.pictures import dated, image_file
from tests.pure.test_embedded_metadata import XMP, with_xmp

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    """Two images below one folder with a manifest, and one that is none."""
    file = tmp_path / "harbour.zip"
    files: dict[str, bytes | str] = {
        "h/manifest.csv": MANIFEST,
        "h/box/a.jpg": image_file(),
        "h/b.png": image_file(fmt="PNG"),
    }
    file.write_bytes(archive({**files, "h/c.jpg": "no image", "__MACOSX/h/._b.png": "note"}))
    return file


def run(*args: Any) -> str:
    out = StringIO()
    call_command("import_images", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


def states() -> dict[str, str]:
    return dict(ImportItem.objects.values_list("path", "state"))


def test_an_archive_is_imported_with_its_manifest(zipped: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError, match="1 file could not be imported"):
        run(zipped, "--tag", "all", "--report", report)
    image = GalleryImage.objects.get(title="The box")
    assert (image.creator, image.taken) == ("Ada", datetime.date(1931, 7, 14))
    assert set(image.tags.names()) == {"all", "red", "caf\u00e9"}
    assert states() == {"h/box/a.jpg": "new", "h/b.png": "new", "h/c.jpg": "refused", "__MACOSX": "skipped"}
    assert set(read_report(report)) == {"h/c.jpg", "__MACOSX"}
    task = BulkTask.objects.get()
    assert (task.state, task.total, task.done, task.failed, task.skipped) == ("done", 4, 2, 1, 1)


def test_a_manifest_imported_again_corrects_what_it_says_and_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(image_file())
    manifest = tmp_path / "what-we-know.csv"
    manifest.write_text("path,title,tags,description\na.jpg,First,red; old,Kept\n")
    run(manifest)
    manifest.write_text("path,title,tags,description\na.jpg,Second,red; new,\n")
    assert run(manifest) == "0 images imported, 1 already in the collection, 1 with other metadata now.\n"
    image = GalleryImage.objects.get()
    assert (image.title, image.description) == ("Second", "Kept"), "what it is silent about stays"
    assert set(image.tags.names()) == {"red", "new"}
    assert run(manifest) == "0 images imported, 1 already in the collection.\n"


def test_a_manifest_alone_takes_the_files_it_names_and_tells_the_lines_that_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(image_file())
    (tmp_path / "not-named.jpg").write_bytes(image_file(quality=60))
    lines = ['{"path": "a.jpg"}', '{"path": "gone.jpg"}', '{"path": "../a.jpg"}', '{"path": "./a.jpg"}', "nonsense"]
    (tmp_path / "m.jsonl").write_text("\n".join(lines))
    with pytest.raises(CommandError, match="4 files"):
        run(tmp_path / "m.jsonl")
    assert dict(ImportItem.objects.values_list("path", "reason")) == {
        "a.jpg": "",
        "gone.jpg": "There is no such file.",
        "m.jsonl, line 3": "Its name leads out of what is imported.",
        "m.jsonl, line 4": "Line 1 is about the same file.",
        "m.jsonl, line 5": "It is no JSON object.",
    }
    assert GalleryImage.objects.count() == 1


def test_unknown_columns_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,camera\n")
    err = StringIO()
    call_command("import_images", tmp_path / "m.csv", stdout=StringIO(), stderr=err)
    assert err.getvalue() == "m.csv: nothing is known of these columns: “camera”.\n"


def test_a_files_own_metadata_counts_where_the_manifest_is_silent(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(with_xmp(XMP))
    (tmp_path / "manifest.csv").write_text("path,creator,description\na.jpg,Somebody else,\n")
    run(tmp_path)
    image = GalleryImage.objects.get()
    assert (image.title, image.creator, image.licence) == ("The harbour", "Somebody else", "CC BY-SA 4.0")
    assert image.taken == datetime.date(1931, 7, 14)
    assert set(image.tags.names()) == {"boat", "caf\u00e9 noir"}


def test_what_is_said_of_all_counts_more_than_the_file_and_less_than_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(with_xmp(XMP))
    (tmp_path / "b.jpg").write_bytes(dated("2019:07:14 09:30:00"))
    (tmp_path / "manifest.csv").write_text("path,licence\nb.jpg,CC0 1.0\n")
    run(tmp_path, "--licence", "CC BY 4.0")
    assert set(GalleryImage.objects.values_list("licence", flat=True)) == {"CC BY 4.0", "CC0 1.0"}


def test_a_rehearsal_stores_nothing_and_tells_the_same(zipped: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError, match="1 file"):
        run(zipped, "--dry-run", "--report", report)
    assert not BulkTask.objects.exists() and not Photo.objects.exists()
    rehearsed = read_report(report)
    with pytest.raises(CommandError, match="1 file"):
        run(zipped, "--report", report)
    assert read_report(report) == rehearsed


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.zip", b"nothing", "no ZIP archive"),
        ("m.csv", b"title\nA\n", "no column “path”"),
        ("a.txt", b"", "is not a folder, a ZIP archive or a manifest"),
    ],
)
def test_a_source_that_is_none_is_said_to_be_none(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CommandError, match=sentence):
        run(tmp_path / name)
    assert BulkTask.objects.get().state == "failed"


def upload(user: Any, data: bytes, **wanted: Any) -> BulkTask:
    return start_from_upload(ContentFile(data, "harbour.zip"), user, Wanted(**wanted))


def turn(task: BulkTask) -> bool:
    again = jobs.take_turn(task.pk)
    task.refresh_from_db()
    return again


def test_an_uploaded_archive_is_imported_by_the_worker_and_then_deleted(
    own_media: Path, alice: Any, zipped: Path, django_capture_on_commit_callbacks: Any
) -> None:
    task = upload(alice, zipped.read_bytes(), tags=("sea",))
    assert (task.title, task.asked_by, task.state) == ("harbour.zip", alice, "waiting")
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name, args FROM procrastinate_jobs WHERE task_name = 'curating.run_bulk_task'")
        assert len(cursor.fetchall()) == 1
    assert list((own_media / "bulk_tasks").rglob("*.zip"))
    with django_capture_on_commit_callbacks(execute=True):
        assert turn(task) is False
    assert (task.state, task.done) == ("done", 2)
    assert not list((own_media / "bulk_tasks").rglob("*.zip"))


def test_an_import_goes_on_in_turns(alice: Any, zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SECONDS_OF_A_TURN", 0.0)
    task = upload(alice, zipped.read_bytes())
    turns = 1
    while turn(task):
        turns += 1
    assert turns > 2 and (task.state, task.turn) == ("done", turns)
    assert sorted(states().values()) == ["new", "new", "refused", "skipped"]


def test_what_is_paused_or_cancelled_takes_no_turn(alice: Any, zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SECONDS_OF_A_TURN", 0.0)
    task = upload(alice, zipped.read_bytes())
    turn(task)
    task.pause()
    assert turn(task) is False and task.state == "paused"
    task.resume()
    assert turn(task) is True and task.state == "working"
    task.cancel()
    before = states()
    assert turn(task) is False and task.state == "cancelled" and states() == before


def test_whoever_lost_the_turn_stops(alice: Any, zipped: Path) -> None:
    """A worker that was taken for dead, and is not."""
    task = upload(alice, zipped.read_bytes())
    assert task.begin()
    other = BulkTask.objects.get()
    assert other.begin()
    assert not task.note_progress() and not task.finish()
    assert other.note_progress()


def test_a_file_that_ends_the_process_each_time_is_refused(alice: Any, zipped: Path, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 2
    task = upload(alice, zipped.read_bytes())
    work = jobs.WORKS["import"]
    assert not work.blame(task), "nothing is listed yet: that tells nothing of a file"
    task.begin()
    pieces = work.run(task)
    next(pieces)
    pieces.close()
    task.remember(is_listed=True)
    first = task.items.waiting()[0]
    assert work.blame(task) and work.blame(task)
    first.refresh_from_db()
    assert first.state == "refused" and "process" in first.reason
    assert turn(task) is False and task.state == "done"


def test_files_that_a_browser_sends_one_by_one_are_an_import(alice: Any) -> None:
    task = start_dropping(alice, 4, Wanted(tags=("sea",)))
    sent = [("a.jpg", image_file()), ("b.jpg", b"none"), ("a.jpg", image_file()), ("Thumbs.db", b"")]
    assert [take_dropped(task, *file).state for file in sent] == ["new", "refused", "new", "skipped"]
    task = BulkTask.objects.get()
    assert (task.state, task.total, task.n) == ("working", 4, 3), "one was sent twice: there is one more to come"
    assert take_dropped(task, "c.jpg", image_file()).state == "known"
    task.refresh_from_db()
    assert (task.state, task.done, task.failed, task.skipped) == ("done", 2, 1, 1)
    assert list(GalleryImage.objects.get().tags.names()) == ["sea"]


def test_the_rate_and_the_time_that_is_left_are_those_of_late() -> None:
    task = BulkTask.objects.create(kind="import", title="A", total=100)
    assert task.begin()
    task.start_rate()
    now = task.heard
    assert now is not None
    task.done = 20
    task.rate = task._rate_at(now + datetime.timedelta(seconds=10))
    assert task.rate == 2.0
    assert task.time_left == datetime.timedelta(seconds=40) and task.time_left_words == "40 s"
