"""The worker as a process: stopped, killed, and followed by another."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob, ProcrastinateWorker
from psycopg import sql

from benchmarks import faults, kill
from gallery import jobs
from gallery.models import GalleryImage
from tests.databases import url_of
from tests.gallery.discs import AddImage

pytestmark = pytest.mark.django_db(transaction=True)


class Worker:
    """A worker process, or another command, of this checkout or another; whoever starts it ends it."""

    def __init__(
        self, data_dir: Path, *command: str, attempts: int = 2, checkout: Path = settings.BASE_DIR, **variables: str
    ) -> None:
        self.data_dir = data_dir
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.gallery.site_with_killers",
            "DATABASE_URL": url_of(connection.settings_dict["NAME"]),
            "DATA_DIR": str(data_dir),
            "SECRET_KEY": "of a test",
            "MEANING_ENABLED": "0",
            "JOB_ATTEMPTS": str(attempts),
            "N_SUPERPIXELS": "60",
            **variables,
        }
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "manage.py", *(command or ["worker"])],
            cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until(self, seconds: float = 150) -> Iterator[None]:
        """Go round until the caller is content, the process is gone, or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            yield
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"The worker did not do it: {self.process.communicate()}")

    def is_up(self) -> None:
        for _ in self.until():
            if ProcrastinateWorker.objects.exists():
                return

    def is_told(self, sentence: str) -> None:
        """A line that it writes next has this sentence in it; others may come before, such as about old files."""
        assert self.process.stderr is not None
        assert any(sentence in line for line in iter(self.process.stderr.readline, "")), "The worker has ended."

    def stuck_child(self) -> psutil.Process:
        """The process that indexes the image called "stuck", once it has begun."""
        for _ in self.until():
            if (self.data_dir / "stuck").exists() and (pid := (self.data_dir / "stuck").read_text()):
                return psutil.Process(int(pid))
        raise AssertionError

    def stop(self) -> str:
        """Tell it to stop; what it has written by then."""
        self.process.terminate()
        return "".join(self.process.communicate(timeout=100))


@pytest.fixture
def start(media: Path, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts processes on the database and the files of this test."""
    (tmp_path / "media").symlink_to(media)
    started: list[Worker] = []

    def start(*command: str, attempts: int = 2) -> Worker:
        started.append(Worker(tmp_path, *command, attempts=attempts))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.communicate()


def test_a_worker_that_is_told_to_stop_goes_in_good_order(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.is_told("Search by meaning is switched off")
    worker.is_up()
    assert (worker.stop(), worker.process.returncode) == ("", 0)
    assert not ProcrastinateWorker.objects.exists()


def test_what_a_killed_worker_was_at_is_done_by_the_next(start: Callable[..., Worker], add_image: AddImage) -> None:
    image = add_image(title="stuck")
    worker = start()
    child = worker.stuck_child()
    worker.process.kill()
    worker.process.wait()
    # It would go on for ten minutes.
    psutil.wait_procs([child], timeout=100)
    assert not child.is_running()

    GalleryImage.objects.update(title="thing")
    call_command("worker", "--once")
    image.refresh_from_db()
    assert image.status == "pending"  # It might still be alive.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    call_command("worker", "--once")
    image.refresh_from_db()
    assert (image.status, image.failures) == ("indexed", 0)


def test_some_kills_of_a_small_worker_lose_nothing_and_blame_nobody(
    start: Callable[..., Worker], add_image: AddImage
) -> None:
    """The small twin of `benchmarks/kill.py`."""
    for seed in range(6):
        add_image(seed=seed)
    # Where all takes long, both kills may meet one and the same image.
    worker = kill.SupervisedWorker(lambda: start(attempts=20).process)
    done = kill.kill_workers(worker, 2, random.Random(3), jobs_between=2)
    assert sum(done.values()) == 2
    worker.stop()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    for _ in range(2):
        call_command("worker", "--once")
    found = faults.state_of_rows(6)
    assert kill.drained(seconds=0) and faults.missed(found) == []


def test_the_death_of_a_child_is_the_fault_of_its_image_alone_and_being_stopped_nobodys(
    start: Callable[..., Worker], add_image: AddImage
) -> None:
    killer, innocent, stuck = (
        add_image(title=title, seed=seed) for seed, title in enumerate(("killer", "innocent", "stuck"))
    )
    # On a slow machine the killer's turn may come again before it is the stuck one's.
    worker = start(attempts=20)
    worker.stuck_child()
    worker.stop()
    killer.refresh_from_db()
    assert killer.failures >= 1
    found = GalleryImage.objects.values_list("pk", "status")
    assert set(found) == {(killer.pk, "pending"), (innocent.pk, "indexed"), (stuck.pk, "pending")}
    innocents = GalleryImage.objects.exclude(pk=killer.pk)
    assert set(innocents.values_list("failures", flat=True)) == {0}
    first, last = ProcrastinateJob.objects.filter(queue_name=jobs.QUEUE).order_by("id")
    assert (first.status, last.status) == ("todo", "todo")
    # A moment later: what it died of, such as too little memory, may be over then.
    retried = ProcrastinateEvent.objects.filter(job=first, type="deferred_for_retry").latest("at")
    assert first.scheduled_at > retried.at


def test_an_image_that_kills_its_process_is_put_aside_and_the_command_goes_on(
    start: Callable[..., Worker], add_image: AddImage
) -> None:
    killer, innocent = add_image(title="killer", seed=1), add_image(seed=2)
    command = start("index_gallery")
    said, errors = command.process.communicate(timeout=150)
    assert said == "1 image indexed.\n" and f"Image {killer.pk}: It was put aside after 2 attempts" in errors
    for image, status in ((killer, "failed"), (innocent, "indexed")):
        image.refresh_from_db()
        assert (image.status, image.failures) == (status, 0)


def test_a_worker_waits_for_its_database_and_can_be_stopped_meanwhile(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.is_told("Search by meaning is switched off")
    worker.is_up()
    first = ProcrastinateWorker.objects.latest("pk")
    with refused_connections():
        worker.is_told("The database is lost")
    worker.is_told("The database is back")
    for _ in worker.until():
        if ProcrastinateWorker.objects.filter(pk__gt=first.pk).exists():
            break
    with refused_connections():
        worker.is_told("The database is lost")
        assert (worker.stop(), worker.process.returncode) == ("", 0)


@contextmanager
def refused_connections() -> Iterator[None]:
    """Everybody is thrown out of the database of this test, and nobody gets in again."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with psycopg.connect(url_of("postgres"), autocommit=True) as maintenance:
        database = sql.Identifier(name)
        maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
        try:
            maintenance.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            maintenance.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))
