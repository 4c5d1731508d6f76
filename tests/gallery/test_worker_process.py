"""The worker as a process: stopped, killed, and followed by another."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from discs import AddImage
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

pytestmark = pytest.mark.django_db(transaction=True)

# The worker of this site on the database of this test. With STUCK it never finishes an image.
WORKER = """
import os, sys, time, django
from django.core.management import call_command
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = os.environ["DATABASE"]
settings.STORAGES["default"]["OPTIONS"]["location"] = os.environ["MEDIA"]
if os.environ["STUCK"]:
    from gallery.index import indexing
    indexing.bring_up_to_date = lambda *args, **kwargs: time.sleep(600)
call_command("worker")
print("orderly")
"""


class Worker:
    """A worker process; killed when the test is over, whatever happens."""

    def __init__(self, media: Path, stuck: bool) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "superpixel_site.settings",
            "DATABASE": connection.settings_dict["NAME"],
            "MEDIA": str(media),
            "MEANING_ENABLED": "0",
            "N_SUPERPIXELS": "60",
            "STUCK": "yes" if stuck else "",
        }
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until(self, seconds: float = 60) -> Iterator[None]:
        """Go round until the caller is content, the process is gone, or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            yield
            time.sleep(0.05)
        raise AssertionError(f"The worker did not do it: {self.process.poll()}")

    def is_up(self) -> None:
        for _ in self.until():
            if ProcrastinateWorker.objects.exists():
                return


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    started: list[Worker] = []
    yield started
    for worker in started:
        worker.process.kill()
        worker.process.communicate()


def test_a_worker_that_is_told_to_stop_goes_in_good_order(media: Path, workers: list[Worker]) -> None:
    worker = Worker(media, stuck=False)
    workers.append(worker)
    worker.is_up()
    worker.process.terminate()
    said, _ = worker.process.communicate(timeout=30)
    assert (said, worker.process.returncode) == ("orderly\n", 0)
    assert not ProcrastinateWorker.objects.exists()


def test_what_a_killed_worker_was_at_is_done_by_the_next(
    media: Path, workers: list[Worker], add_image: AddImage
) -> None:
    image = add_image()
    worker = Worker(media, stuck=True)
    workers.append(worker)
    for _ in worker.until():
        if ProcrastinateJob.objects.filter(status="doing").exists():
            break
    worker.process.kill()
    worker.process.wait()
    call_command("worker", "--once")
    image.refresh_from_db()
    assert image.status == "pending"  # It might still be alive.

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    call_command("worker", "--once")
    image.refresh_from_db()
    assert image.status == "indexed"
