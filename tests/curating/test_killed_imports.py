"""An import in processes that are killed: the end is as undisturbed. `benchmarks/importing.py` kills more of them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from benchmarks.importing import outcome, repaired, write_archive
from curating.importing import Wanted, start_import
from curating.importing.starting import queue
from curating.models import BulkTask, ImportItem
from gallery.jobs import pause_indexing
from gallery.models import GalleryImage
from tests.gallery.test_worker_process import Worker

pytestmark = pytest.mark.django_db(transaction=True)
N_IMAGES = 16


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "pictures.zip"
    write_archive(file, N_IMAGES)
    return file


def until(worker: Worker, is_so: Callable[[], bool]) -> None:
    for _ in worker.until():
        if is_so():
            return


@pytest.fixture
def undisturbed(archive: Path, own_media: Path) -> dict[str, str]:
    """What an import leaves behind; it is taken away again."""
    with pytest.raises(CommandError, match="1 file could not be imported"):
        call_command("import_images", archive, stdout=StringIO(), stderr=StringIO())
    found = outcome()
    BulkTask.objects.all().delete()
    GalleryImage.objects.all().delete()
    assert outcome()["files"].startswith("0 ")
    return found


def test_a_killed_command_and_a_killed_child_of_the_worker_change_nothing(
    archive: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    pause_indexing()
    taken = ImportItem.objects.filter(state="new")
    command = Worker(tmp_path, "import_images", str(archive))
    until(command, lambda: taken.count() > 1)
    command.process.kill()
    command.process.communicate()
    so_far = taken.count()
    queue(start_import(Wanted(str(archive))))
    worker = Worker(tmp_path, "worker", attempts=3)
    try:
        until(worker, lambda: taken.count() > so_far)
        for child in psutil.Process(worker.process.pid).children(recursive=True):
            child.kill()
        until(worker, lambda: BulkTask.objects.get().state == "done")
    finally:
        worker.process.kill()
        worker.process.communicate()
    repaired()
    assert outcome() == undisturbed
    assert BulkTask.objects.get().turn > 2
