"""S3-compatible storage, as moto's server plays it: images are imported from it, and files of the site kept in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from moto.server import ThreadedMotoServer
from storages.backends.s3 import S3Storage

from curating import jobs
from curating.importing import start_from_upload
from curating.models import BulkTask, ImportItem
from gallery.jobs.images import bring_up_to_date
from gallery.models import GalleryImage
from selector.models import Photo
from selector.services import label_maps
from tests.curating.archives import archive
from tests.gallery.test_worker_process import Worker
from tests.pictures import image_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_superpixels")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket called "pictures"; settings as for `MEDIA_BUCKET`."""
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3").create_bucket(Bucket="pictures")
    yield made
    made.objects.all().delete()
    made.delete()


def run(*args: Any) -> str:
    out = io.StringIO()
    call_command("import_images", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_a_folder_of_a_bucket_is_imported_with_its_manifest(bucket: Any) -> None:
    files = {
        "box/a.jpg": image_file(), "box/manifest.csv": b"path,title\na.jpg,Harbour\n",
        "box/deep/b.png": image_file(fmt="PNG"),
        "box/@eaDir/a.jpg": image_file(quality=50), "box/bad.jpg": b"none", "elsewhere/c.jpg": image_file(quality=60),
    }  # fmt: skip
    for key, data in files.items():
        bucket.put_object(Key=key, Body=data)
    with pytest.raises(CommandError, match="1 file"):
        run("s3://pictures/box", "--recursive")
    assert dict(ImportItem.objects.values_list("path", "state")) == {
        "a.jpg": "new", "deep/b.png": "new", "@eaDir": "skipped", "bad.jpg": "refused",
    }  # fmt: skip
    assert GalleryImage.objects.filter(title="Harbour").exists()
    bucket.put_object(Key="box/other.csv", Body=b"path,title\na.jpg,Pier\ngone.jpg,\n")
    with pytest.raises(CommandError, match="1 file"):
        run("s3://pictures/box/other.csv")
    assert GalleryImage.objects.filter(title="Pier").exists() and GalleryImage.objects.count() == 2


@pytest.mark.parametrize("address", ["s3://nowhere/box", "s3://UPPER/x", "s3://"])
def test_a_bucket_that_cannot_be_read_is_told_in_a_sentence(bucket: Any, address: str) -> None:
    with pytest.raises(CommandError, match=r"cannot be read|no address of a bucket"):
        run(address)


def test_a_bucket_keeps_what_is_imported_indexed_and_shown(
    bucket: Any, alice: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(default_storage, "_wrapped", S3Storage(bucket_name="pictures", file_overwrite=False))
    upload = ContentFile(archive({"a.jpg": image_file(), "b.jpg": image_file(quality=60)}), "harbour.zip")
    task = start_from_upload(upload, alice)
    assert any(item.key.startswith("bulk_tasks/") for item in bucket.objects.all())
    assert jobs.take_turn(task.pk) is False
    assert BulkTask.objects.get().done == 2
    for image in GalleryImage.objects.all():
        bring_up_to_date(image.pk, False)
        photo = image.photo
        thumbnail = Client().get(f"/photos/{photo.pk}/thumbnail/{photo.version}.webp")
        assert thumbnail.status_code == 200 and thumbnail.content.startswith(b"RIFF")
    assert GalleryImage.objects.indexed().count() == 2
    out = io.StringIO()
    call_command("check_storage", stdout=out)
    assert out.getvalue() == "6 files: all in order.\n"


@pytest.mark.django_db(transaction=True)
def test_a_site_on_a_bucket_is_filled_searched_and_backed_up(
    bucket: Any, alice: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(default_storage, "_wrapped", S3Storage(bucket_name="pictures", file_overwrite=False))
    monkeypatch.setenv("MEDIA_BUCKET", "pictures")
    source = tmp_path / "source"
    source.mkdir()
    for number, quality in enumerate((90, 60)):
        (source / f"{number}.jpg").write_bytes(image_file(quality=quality))
    assert "2 images imported" in run(source)
    worker = Worker(tmp_path / "worker", "index_gallery")
    assert worker.process.wait(timeout=150) == 0, worker.process.communicate()
    assert GalleryImage.objects.indexed().count() == 2
    client = Client()
    client.force_login(alice)
    assert client.post("/photos/", {"image": SimpleUploadedFile("mine.jpg", image_file())}).status_code == 302
    photo = Photo.objects.get(owner=alice)
    label_map = label_maps.get_or_compute(photo)
    click = {"label_map": label_map.pk, "level": 4, "points": "60,40"}
    assert client.post(f"/photos/{photo.pk}/selection/", click).status_code == 302
    found = client.post(f"/photos/{photo.pk}/search/", follow=True)
    assert len(found.context["answer"].hits) >= 1
    call_command("backup", str(tmp_path / "kept"), "--verify", stdout=io.StringIO(), stderr=io.StringIO())
    out = io.StringIO()
    call_command("restore", str(tmp_path / "kept"), "--check", stdout=out)
    assert f"({sum(1 for _ in bucket.objects.all())} files" in out.getvalue()
