"""Two workers started by hand, each from a checkout and with a DATA_DIR of its own, over one database and its files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from numba.core.caching import _CacheLocator
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from curating.importing import Wanted, start_import
from curating.importing.starting import queue
from curating.models import BulkTask, ImportItem
from gallery.models import GalleryImage, IndexedRegion, RegionVector
from tests.gallery.discs import thing_on_ground
from tests.gallery.test_worker_process import Worker
from tests.pictures import GREEN, RED, image_file

pytestmark = pytest.mark.django_db(transaction=True)
N_IMAGES = 30
QUEUES_OF_A_WORKER = 3
CODE = (
    "manage.py",
    "superpixel_site",
    "selector",
    "gallery",
    "library",
    "accounts",
    "curating",
    "api",
    "templates",
    "static",
    "tests",
)
# Notes which worker has stored the regions of which image: libpq takes the name of a program from PGAPPNAME.
NOTING = """
CREATE TABLE noted (worker text, image_id bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO noted SELECT DISTINCT current_setting('application_name'), image_id FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON gallery_indexedregion REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note();
"""


@pytest.fixture
def noted() -> Iterator[None]:
    """While a test runs, the table `noted` says who has indexed what."""
    with connection.cursor() as cursor:
        cursor.execute(NOTING)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER note ON gallery_indexedregion; DROP FUNCTION note; DROP TABLE noted")


@pytest.fixture
def other_checkout(tmp_path: Path) -> Path:
    """The code once more elsewhere, with the kernels that are compiled here: that takes a minute."""
    other = tmp_path / "checkout"
    other.mkdir()
    for name in CODE:
        source = settings.BASE_DIR / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, other / name)
    for app in ("selector", "gallery"):
        for folder in {file.parent for file in (other / app).rglob("*kernels.py")}:
            here = settings.BASE_DIR / folder.relative_to(other)
            known = Path(os.environ["NUMBA_CACHE_DIR"], compiled_in(here))
            if known.is_dir():
                shutil.copytree(known, tmp_path / "numba" / compiled_in(folder))
    return other


def compiled_in(folder: Path) -> str:
    """The folder in which Numba keeps what it has compiled of the sources in another."""
    return str(_CacheLocator.get_suitable_cache_subpath(str(folder / "kernels.py")))


def start(data_dir: Path, media: Path, **options: Any) -> Worker:
    data_dir.mkdir()
    (data_dir / "media").symlink_to(media)
    return Worker(data_dir, PGAPPNAME=data_dir.name, **options)


@pytest.mark.usefixtures("noted")
def test_two_workers_from_two_checkouts_share_the_work_and_do_nothing_twice(
    other_checkout: Path, media: Path, tmp_path: Path
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(N_IMAGES):
        (source / f"{number:02}.jpg").write_bytes(image_file(thing_on_ground(RED, GREEN, number)))
    with ExitStack() as stack:
        kernels = str(tmp_path / "numba")
        workers = [
            start(tmp_path / "here", media),
            start(tmp_path / "there", media, checkout=other_checkout, NUMBA_CACHE_DIR=kernels),
        ]
        for worker in workers:
            stack.callback(worker.process.communicate)
            stack.callback(worker.process.kill)
        for _ in workers[1].until():
            if ProcrastinateWorker.objects.count() >= 2 * QUEUES_OF_A_WORKER:
                break
        queue(start_import(Wanted(str(source))))
        for _ in workers[0].until():
            if GalleryImage.objects.indexed().count() == N_IMAGES and not ProcrastinateJob.objects.exists():
                break
        assert [worker.process.poll() for worker in workers] == [None, None]
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker, image_id FROM noted")
        rows = cursor.fetchall()
    assert {worker for worker, _ in rows} == {"here", "there"}, "one of them has done nothing"
    assert len(rows) == len({image for _, image in rows}) == N_IMAGES, "something was done twice"
    assert BulkTask.objects.get(kind="import").done == N_IMAGES
    assert ImportItem.objects.filter(state="new").count() == N_IMAGES
    assert RegionVector.objects.count() == IndexedRegion.objects.count() >= N_IMAGES
