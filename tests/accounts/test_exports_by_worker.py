"""A real worker makes an export, also after another one was killed while it did."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs
from accounts.models import Export
from selector.models import Photo
from selector.people import Person
from tests.gallery.test_worker_process import Worker


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_what_was_asked_for(alice: User, photo: Photo, tmp_path: Path) -> None:
    # The worker looks for files in the media folder of its DATA_DIR.
    (tmp_path / "media").symlink_to(default_storage.location)  # type: ignore[attr-defined]
    jobs.defer_export(Person(alice))
    worker = Worker(tmp_path, "worker", "--once")
    assert worker.process.wait(90) == 0, worker.process.communicate()
    export = Export.objects.get()
    assert export.state == Export.State.READY
    assert "photos/quarters.jpg" in zipfile.ZipFile(export.file.path).namelist()
    assert not ProcrastinateJob.objects.exists()
