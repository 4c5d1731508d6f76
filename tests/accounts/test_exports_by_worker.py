"""A real worker does what takes longer than a request may: it makes an export, and cuts a detail."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs
from accounts.models import Export
from library import jobs as library_jobs
from selector.models import Photo
from selector.people import Person
from selector.services import details
from selector.services.photos import store_photo
from tests.gallery.test_worker_process import Worker
from tests.pictures import eighths, image_file


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_what_was_asked_for(alice: User, photo: Photo, tmp_path: Path) -> None:
    # The worker looks for files in the media folder of its DATA_DIR.
    (tmp_path / "media").symlink_to(default_storage.location)  # type: ignore[attr-defined]
    jobs.defer_export(Person(alice))
    sheet = store_photo(image_file(eighths(1600, 200), "PNG"), "sheet.png", owner=alice)
    cut = details.ask(Person(alice), sheet, (10, 20, 110, 120), library_jobs.defer)
    worker = Worker(tmp_path, "worker", "--once")
    assert worker.process.wait(90) == 0, worker.process.communicate()
    export = Export.objects.get()
    assert export.state == Export.State.READY
    assert "photos/quarters.jpg" in zipfile.ZipFile(export.file.path).namelist()
    cut.refresh_from_db()
    assert cut.detail is not None and cut.detail.original_size == (100, 100)
    assert not ProcrastinateJob.objects.exists()
