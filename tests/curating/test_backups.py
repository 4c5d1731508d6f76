"""Backups of the real database by PostgreSQL's own programs, and what comes back from them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from moto.server import ThreadedMotoServer

from curating.keeping import programs, saving
from gallery.models import GalleryImage
from selector.models import Photo
from superpixel_site.settings import BASE_DIR
from tests.databases import fresh_database, url_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels", "own_media")]
INDEX = "gallery_vectors_of_space_12345"
NAMED = (
    "SELECT original FROM selector_photo UNION SELECT working FROM selector_photo UNION SELECT labels FROM"
    " selector_labelmap"
)


def add_photo(number: int, **fields: Any) -> Photo:
    """A photo whose files hold a few letters: backups do not look into them."""
    text = f"{number:08d}"
    photo = Photo(
        name=f"{number}.jpg", original_type="image/jpeg", original_sha256=text, working_sha256=text,
        width=1, height=1, **fields,
    )  # fmt: skip
    photo.original.save("original", ContentFile(text.encode()), save=False)
    photo.working.save("working.jpg", ContentFile(text[::-1].encode()), save=False)
    photo.save(force_insert=True)
    return photo


def run(command: str, *args: Any) -> str:
    out = io.StringIO()
    call_command(command, *map(str, args), stdout=out, stderr=out)
    return out.getvalue()


def contents(target: Path) -> dict[str, int]:
    return {str(file.relative_to(target)): file.stat().st_mtime_ns for file in (target / "media").rglob("*")}


def elsewhere(url: str, data: Path, *command: Any) -> subprocess.CompletedProcess[str]:
    """A command of another installation."""
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, command)],
        cwd=BASE_DIR, env=environment(url, data), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def environment(url: str, data: Path) -> dict[str, str]:
    values = {"DATABASE_URL": url, "DATA_DIR": str(data), "DEBUG": "true", "LOG_LEVEL": "ERROR"}
    return os.environ | values | {"MEANING_ENABLED": "false"}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where backups are kept."""
    return tmp_path / "kept"


@pytest.fixture
def second() -> Iterator[str]:
    """The URL of a database that is empty."""
    with fresh_database(f"restored_{uuid.uuid4().hex[:12]}") as url:
        yield url


def test_what_is_saved_while_uploads_go_on_is_whole_elsewhere(tmp_path: Path, second: str, alice: Any) -> None:
    for number in range(20):
        add_photo(number, owner=alice)
    GalleryImage.objects.create(photo=add_photo(20), title="Harbour", withdrawn=timezone.now())
    with connection.cursor() as cursor:
        # As the worker builds it, with its note; it is built anew elsewhere, where it pays.
        cursor.execute(f"CREATE INDEX {INDEX} ON gallery_regionvector (space_id); COMMENT ON INDEX {INDEX} IS '1'")
    done = threading.Event()

    def upload() -> None:
        number = 1000
        while not done.is_set():
            add_photo(number)
            number += 1
        connection.close()

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        said = run("backup", tmp_path / "kept", "--verify")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {INDEX}")
        done.set()
        thread.join()
    assert "verified" in said and Photo.objects.count() > 20
    restored = elsewhere(second, tmp_path / "data", "restore", tmp_path / "kept")
    assert restored.returncode == 0 and "was restored" in restored.stdout, restored.stderr
    with psycopg.connect(second) as session:
        names = {name for (name,) in session.execute(NAMED)}
        n_photos, n_mine = session.execute("SELECT count(*), count(owner_id) FROM selector_photo").fetchall()[0]
        by_words = "SELECT title FROM gallery_galleryimage WHERE told @@ 'harbour' AND withdrawn IS NOT NULL"
        assert session.execute(by_words).fetchall() == [("Harbour",)]
    media = tmp_path / "data" / "media"
    assert n_mine == 20 <= n_photos and len(names) == 2 * n_photos
    assert {str(file.relative_to(media)) for file in media.rglob("*") if file.is_file()} == names
    again = elsewhere(second, tmp_path / "data", "restore", tmp_path / "kept")
    assert again.returncode == 1 and "There is something already" in again.stderr and "--replace" in again.stderr
    (media / "photos" / "stray").write_text("of somebody else")
    replaced = elsewhere(second, tmp_path / "data", "restore", tmp_path / "kept", "--replace", "--no-input")
    assert replaced.returncode == 0, replaced.stderr
    assert not (media / "photos" / "stray").exists()
    with psycopg.connect(second) as session:
        assert session.execute("SELECT count(*) FROM selector_photo").fetchall() == [(n_photos,)]


def test_what_is_there_is_not_copied_again_and_old_backups_go(kept: Path) -> None:
    first, second = add_photo(1), add_photo(2)
    run("backup", kept)
    before = contents(kept)
    gone = first.original.name
    first.delete()
    default_storage.delete(str(gone))
    default_storage.delete(str(first.working.name))
    add_photo(3)
    run("backup", kept)
    after = contents(kept)
    assert before.items() <= {name: after[name] for name in before}.items() | {
        (name, stamp) for name, stamp in before.items() if (kept / name).is_dir()
    }
    files = [name for name in after if (kept / name).is_file()]
    assert len(files) == 6 and len(list((kept / "backups").iterdir())) == 2
    run("backup", kept, "--keep", 1)
    assert len(list((kept / "backups").iterdir())) == 1
    assert sum((kept / name).is_file() for name in contents(kept)) == 4
    assert second.pk and "is whole" in run("restore", kept, "--check")


@pytest.mark.parametrize("part", ["media", "database.dump", "files.jsonl.gz"])
def test_damage_is_found(kept: Path, part: str) -> None:
    add_photo(1)
    run("backup", kept)
    file = next(file for file in kept.rglob("*") if file.is_file() and part in str(file.relative_to(kept)))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CommandError, match="is damaged"):
        run("restore", kept, "--check")


def test_a_photo_that_is_deleted_meanwhile_is_in_neither_part(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_photo(1)
    read = saving._Saving.read
    came: list[Photo] = []

    def read_and_delete(self: Any, *args: Any) -> Any:
        if not came:
            # After the first files were copied, and gone before the others are.
            came.append(add_photo(2))
            with saving._snapshot() as look:
                found = read(self, *look)
            came[0].delete()
            for file in (came[0].original, came[0].working):
                file.storage.delete(str(file.name))
            return found
        return read(self, *args)

    monkeypatch.setattr(saving._Saving, "read", read_and_delete)
    monkeypatch.setattr(saving, "_named_files", late(saving._named_files, came))
    run("backup", kept)
    manifest = json.loads(next(kept.glob("backups/*/manifest.json")).read_text())
    assert manifest["tables"]["selector_photo"] == 1 and manifest["n_files"] == 2 and manifest["missing"] == []


def late(named_files: Any, came: list[Photo]) -> Any:
    """The files of a snapshot that has the photo that is gone by now, the first time that it is asked."""
    told: list[Photo] = []

    def named(cursor: Any) -> Iterator[str]:
        yield from named_files(cursor)
        if came and not told:
            told.append(came[0])
            yield str(came[0].original.name)

    return named


def test_a_lost_file_is_told_and_the_rest_is_saved(kept: Path) -> None:
    photo = add_photo(1)
    default_storage.delete(str(photo.original.name))
    assert "1 file that rows name were not in the storage" in run("backup", kept)


def test_a_killed_backup_is_gone_on_with(tmp_path: Path, own_media: Path) -> None:
    for number in range(250):
        add_photo(number)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "media").symlink_to(own_media)
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "manage.py", "backup", str(tmp_path / "kept")]
    with subprocess.Popen(command, cwd=BASE_DIR, env=environment(url_of(name), tmp_path / "data")) as process:
        while process.poll() is None and not list(tmp_path.glob("kept/journal/*")):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(CommandError, match="There is no backup"):
        run("restore", tmp_path / "kept", "--check")
    files = {name: at for name, at in contents(tmp_path / "kept").items() if (tmp_path / "kept" / name).is_file()}
    # One may have been half written when the process was killed.
    before = {name: at for name, at in files.items() if not name.endswith(".part")}
    assert len(before) >= 200
    run("backup", tmp_path / "kept")
    after = contents(tmp_path / "kept")
    assert before.items() <= after.items() and not (tmp_path / "kept" / "journal").exists()
    assert not [name for name in after if name.endswith(".part")]
    assert "500 files" in run("restore", tmp_path / "kept", "--check")


def test_a_backup_of_a_newer_version_is_refused(kept: Path) -> None:
    run("backup", kept)
    file = next(kept.glob("backups/*/manifest.json"))
    manifest = json.loads(file.read_text())
    manifest["migrations"]["gallery"].append("0999_from_the_future")
    file.write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match=r"newer version .*gallery\.0999_from_the_future"):
        run("restore", kept)


def test_what_is_no_place_for_backups_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(CommandError, match="holds other files"):
        run("backup", tmp_path)
    with pytest.raises(CommandError, match="where the site keeps its own files"):
        run("backup", tmp_path / "media" / "kept")
    monkeypatch.setattr(programs, "server_version", lambda: 99)
    with pytest.raises(CommandError, match="install the client programs of PostgreSQL 99"):
        run("backup", tmp_path / "kept")


def test_the_key_is_saved_only_when_asked_for(kept: Path, settings: Any) -> None:
    run("backup", kept)
    assert not list(kept.glob("backups/*/secret_key"))
    run("backup", kept, "--with-secret-key", "--keep", 1)
    kept = next(kept.glob("backups/*/secret_key"))
    assert kept.read_text() == settings.SECRET_KEY and kept.stat().st_mode & 0o077 == 0


def test_a_bucket_keeps_backups_too(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        boto3.resource("s3").create_bucket(Bucket="kept")
        add_photo(1)
        run("backup", "s3://kept/site", "--verify")
        add_photo(2)
        run("backup", "s3://kept/site", "--keep", 1)
        keys = [item.key for item in boto3.resource("s3").Bucket("kept").objects.all()]
        assert sum("/media/" in key for key in keys) == 4 and sum("manifest" in key for key in keys) == 1
        assert "4 files" in run("restore", "s3://kept/site", "--check")
        with pytest.raises(CommandError, match="The bucket says"):
            run("backup", "s3://nowhere/site")
    finally:
        server.stop()
