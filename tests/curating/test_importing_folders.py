"""Importing a folder: what gets in, what is reported, and that it may be stopped and repeated."""

from __future__ import annotations

import csv
import datetime
import os
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from procrastinate.contrib.django.models import ProcrastinateJob

from curating.models import ImportItem
from curating.sources import Folder, Found
from curating.sources.common import IMAGE_SUFFIXES
from gallery import jobs
from gallery.collection.importing import Details, add_public, readable_title
from gallery.models import GalleryImage
from selector.models import Photo
from tests.pictures import dated, image_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, one of them twice, and one in a folder below."""
    (tmp_path / "red_box.jpg").write_bytes(image_file())
    (tmp_path / "the-same.JPEG").write_bytes(image_file())
    (tmp_path / "box 2.png").write_bytes(image_file(fmt="PNG"))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "deep.webp").write_bytes(image_file(fmt="WEBP", lossless=True))
    (tmp_path / "notes.txt").write_text("not an image, and not called one")
    (tmp_path / ".hidden.jpg").write_bytes(b"not even looked at")
    return tmp_path


def files_under(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


SKIPPED = "3 skipped; --report FILE says which, and why.\n"


def read_report(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row["reason"] for row in csv.DictReader(lines)}


def run(*args: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_images", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_folder_is_imported_once_by_content(folder: Path) -> None:
    out, err = run(folder)
    assert out == f"2 images imported, 1 already in the collection.\n{SKIPPED}"
    assert err == ""
    assert sorted(GalleryImage.objects.values_list("title", flat=True)) == ["Box 2", "Red box"]


def test_running_it_again_changes_nothing(folder: Path) -> None:
    run(folder)
    before = list(GalleryImage.objects.order_by("pk").values())
    out, _ = run(folder)
    assert out.startswith("0 images imported, 3 already in the collection.\n")
    assert list(GalleryImage.objects.order_by("pk").values()) == before


def test_the_folders_below_are_imported_when_asked_for(folder: Path) -> None:
    out, _ = run(folder, "--recursive")
    assert out.startswith("3 images imported, 1 already in the collection.\n")


def test_tags_and_licence_go_to_every_image(folder: Path) -> None:
    run(folder, "--tag", "box", "--tag", "test picture", "--licence", "CC0 1.0")
    for image in GalleryImage.objects.all():
        assert sorted(image.tags.names()) == ["box", "test picture"]
        assert image.licence == "CC0 1.0"


def test_imported_images_are_public_and_wait_to_be_indexed(folder: Path) -> None:
    run(folder)
    assert all(photo.is_public and photo.owner is None and photo.visitor is None for photo in Photo.objects.all())
    assert set(GalleryImage.objects.values_list("status", flat=True)) == {"pending"}


def test_bad_files_are_reported_and_skipped(folder: Path) -> None:
    (folder / "a_text.jpg").write_text("I am a text file.")
    (folder / "b_cut.jpg").write_bytes(image_file()[:500])
    (folder / "c_empty.png").write_bytes(b"")
    (folder / "d_phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="4 files could not be imported"):
        call_command("import_images", folder, stdout=out, stderr=err)
    assert out.getvalue().startswith("2 images imported, 1 already in the collection.\n")
    lines = err.getvalue().splitlines()
    assert [Path(line.split(": ")[0]).name for line in lines] == [
        "a_text.jpg", "b_cut.jpg", "c_empty.png", "d_phone.heic",
    ]  # fmt: skip
    assert all(line.split(": ", 1)[1].endswith(".") for line in lines)
    assert Photo.objects.count() == 2


def test_a_file_larger_than_allowed_is_not_even_read(folder: Path, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 2**20
    with (folder / "film.jpg").open("wb") as film:
        film.truncate(2**40)
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("import_images", folder, stdout=StringIO(), stderr=err)
    assert "film.jpg: The file has 1,048,576.0 MB; at most 1.0 MB are allowed." in err.getvalue()


def test_what_is_skipped_is_in_the_report_with_its_reason(folder: Path) -> None:
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder)
    (folder / "bad.jpg").write_bytes(b"none")
    for name in ("@eaDir", "Thumbs"):
        (folder / "below" / name).mkdir()
        (folder / "below" / name / "deep.jpg").write_bytes(image_file(quality=30))
    report = folder.parent / "report.csv"
    with pytest.raises(CommandError, match="1 file could not be imported"):
        run(folder, "--recursive", "--report", report)
    assert GalleryImage.objects.count() == 3
    assert read_report(report) == {
        "bad.jpg": "This is a text file, whatever its name says: upload a JPEG, PNG or WebP picture instead.",
        "below/@eaDir": "It holds small copies that a system has made of pictures.",
        "below/Thumbs": "It holds small copies that a system has made of pictures.",
        ".hidden.jpg": "It is hidden: its name begins with a dot.",
        "gone.jpg": "It is a link that leads nowhere.",
        "loop": "It is a link to a folder: those are not followed.",
        "notes.txt": "It is not called an image: its name ends otherwise.",
    }


def test_what_is_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere is not a folder"):
        run(tmp_path / "nowhere")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == f"There are no images in {tmp_path}.\n"


def test_an_import_that_is_killed_goes_on_where_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defer = jobs.defer_indexing

    def killed(images: list[int]) -> None:
        if GalleryImage.objects.count() > 1:
            raise KeyboardInterrupt
        defer(images)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "defer_indexing", killed)
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    assert Photo.objects.count() == GalleryImage.objects.count() == 1
    assert run(folder)[0].startswith("2 images imported, 1 already in the collection.\n"), "as undisturbed"


def test_what_an_interrupted_import_had_stored_is_taken_back(
    folder: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_under(media)
    monkeypatch.setattr(jobs, "defer_indexing", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(folder)
    assert files_under(media) == before
    assert not Photo.objects.exists() and not GalleryImage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_an_import_had_stored_is_taken_back_when_its_commit_fails(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defer = jobs.defer_indexing

    def defer_and_break(images: list[int]) -> None:
        defer(images)
        # PostgreSQL looks at foreign keys at the end of a transaction.
        Photo.objects.update(opened_from_id=0)

    before = files_under(media)
    monkeypatch.setattr(jobs, "defer_indexing", defer_and_break)
    with pytest.raises(IntegrityError):
        add_public(image_file(), "a.jpg", Details())
    assert files_under(media) == before
    assert not any(model.objects.exists() for model in (Photo, GalleryImage, ProcrastinateJob))


@pytest.mark.django_db(transaction=True)
def test_an_image_that_was_committed_keeps_its_files_whatever_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = BaseDatabaseWrapper.commit

    def commit_and_break(connection: BaseDatabaseWrapper) -> None:
        commit(connection)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "commit", commit_and_break)
        with pytest.raises(OperationalError):
            add_public(image_file(), "a.jpg", Details())
    photo = GalleryImage.objects.get().photo
    assert photo.original.storage.exists(str(photo.original.name))
    assert photo.working.storage.exists(str(photo.working.name))


@pytest.mark.django_db(transaction=True)
def test_an_import_within_a_transaction_is_refused_since_its_files_could_not_be_taken_back() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        add_public(image_file(), "a.jpg", Details())
    assert not Photo.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_file_imported_several_times_at_once_is_one_image(media: Path) -> None:
    before = files_under(media)
    answers: list[bool] = []

    def add() -> None:
        answers.append(add_public(image_file(), "a.jpg", Details())[1])
        connections.close_all()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]
    assert GalleryImage.objects.count() == ProcrastinateJob.objects.count() == 1
    assert len(files_under(media) - before) == 2


def test_a_private_copy_does_not_keep_an_image_out_of_the_collection(folder: Path, alice: Any) -> None:
    from selector.services.photos import store_photo

    store_photo(image_file(), "mine.jpg", owner=alice)
    assert run(folder)[0].startswith("2 images imported")


def test_files_come_in_the_order_of_their_names(folder: Path) -> None:
    found = [entry.path for entry in Folder(folder, recursive=True).listed() if isinstance(entry, Found)]
    assert found == ["box 2.png", "red_box.jpg", "the-same.JPEG", "below/deep.webp"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("red_telephone-box__01.JPG", "Red telephone box 01"),
        ("IMG_2024-05-01.jpeg", "IMG 2024-05-01"),
        ("000000000025.jpg", "000000000025"),
        ("Ärmel.png", "Ärmel"),
        ("-.jpg", "-.jpg"),
    ],
)
def test_a_title_is_made_from_the_name(name: str, title: str) -> None:
    assert readable_title(name) == title


# Dates


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_an_image_has_the_date_its_camera_wrote_and_is_found_by_it(tmp_path: Path, fmt: str) -> None:
    (tmp_path / f"old.{fmt}").write_bytes(dated("2019:07:14 09:30:00", "2024:01:01 00:00:00", fmt))
    (tmp_path / "undated.png").write_bytes(image_file(fmt="PNG"))
    run(tmp_path)
    image = GalleryImage.objects.get(taken=datetime.date(2019, 7, 14))
    july = (datetime.date(2019, 7, 1), datetime.date(2019, 7, 31))
    assert list(GalleryImage.objects.made_between(*july)) == [image]


def test_else_it_has_the_date_of_the_files_last_change(tmp_path: Path) -> None:
    for name, original in {"none.jpg": None, "unset.jpg": "0000:00:00 00:00:00"}.items():
        (tmp_path / name).write_bytes(dated(original, "2024:02:29 23:59:59"))
    run(tmp_path)
    assert list(GalleryImage.objects.values_list("taken", flat=True)) == 2 * [datetime.date(2024, 2, 29)]


@pytest.mark.parametrize("nonsense", ["", "    :  :     :  :  ", "2021:02:30 10:00:00", "yesterday, about noon"])
def test_a_date_that_is_none_keeps_no_image_out(tmp_path: Path, nonsense: str) -> None:
    (tmp_path / "a.jpg").write_bytes(dated(nonsense))
    assert run(tmp_path)[0].startswith("1 image imported")
    assert GalleryImage.objects.get().taken is None


def test_a_date_that_is_told_counts_more() -> None:
    told = datetime.date(1999, 12, 31)
    assert add_public(dated("2019:07:14 09:30:00"), "a.jpg", Details(taken=told))[0].taken == told


def test_a_name_that_is_no_utf8_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(image_file())
    assert run(tmp_path)[0].startswith("1 image imported")
    assert ImportItem.objects.get().path == r"caf\xe9.jpg"


def test_a_tag_that_no_image_takes_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at most 100 characters"):
        call_command("import_images", str(tmp_path), "--tag", "x" * 101)


def test_folders_of_raw_files_are_looked_through() -> None:
    assert {".nef", ".cr2", ".arw", ".dng", ".rw2", ".orf", ".raf", ".tif", ".gif", ".bmp"} <= IMAGE_SUFFIXES
