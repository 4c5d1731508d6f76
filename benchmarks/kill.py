"""Kill -9 of workers, their children and PostgreSQL: what is lost or there twice, who is blamed, how long it takes.

    python -m benchmarks.kill [--jobs N] [--kills K] [--postmaster-kills K] [--seed S] [--json FILE]

Two parts, in folders of their own with embedded PostgreSQL. In the first, a worker indexes N small images and is killed
K times, its child in one of five cases. In the second, one visitor uploads photos over HTTP and a worker indexes, while
PostgreSQL's first process is killed. The exit code is 1 when anything is missed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from benchmarks.faults import lost, missed, state_of_rows, state_of_storage
from benchmarks.served_site import ROOT, Site, served

SMALL = {"MEANING_ENABLED": "false", "VISITOR_PHOTOS": "0", "N_SUPERPIXELS": "60", "LOG_LEVEL": "ERROR"}
# After a kill of a worker its job waits 30 seconds for it to come back.
SECONDS_TO_DRAIN = 240.0
SECONDS_TO_ANSWER = 10.0
# A child, in so many of the kills of workers.
CHILDREN = 0.2


def picture(number: int) -> bytes:
    """A small JPEG, another one for each number."""
    colours = np.random.default_rng(number).integers(0, 255, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(colours.repeat(12, 0).repeat(12, 1)).save(out, "JPEG", quality=90)
    return out.getvalue()


def add_images(numbers: range) -> None:
    """Put pictures into the collection: each gets a job."""
    from gallery.collection.importing import Details, add_public

    for number in numbers:
        add_public(picture(number), f"{number}.jpg", Details())


class SupervisedWorker:
    """A worker that is started again whenever it has died."""

    def __init__(self, start: Callable[[], subprocess.Popen[Any]]) -> None:
        self.start = start
        self.process = start()
        self.is_wanted = True
        self.thread = threading.Thread(target=self.supervise, daemon=True)
        self.thread.start()

    def supervise(self) -> None:
        while self.is_wanted:
            self.process.wait()
            if self.is_wanted:
                self.process = self.start()

    def children(self) -> list[int]:
        """Its processes for indexing: those that its fork server has started."""
        with suppress(psutil.Error):
            below = psutil.Process(self.process.pid).children(recursive=True)
            servers = {process.pid for process in below if process.ppid() == self.process.pid}
            return [process.pid for process in below if process.ppid() in servers]
        return []

    def stop(self) -> float:
        """Tell it to stop; how many seconds that took."""
        self.is_wanted = False
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=60)
        self.thread.join(timeout=60)
        return time.monotonic() - began


def kill_workers(worker: SupervisedWorker, kills: int, chance: random.Random, jobs_between: int) -> dict[str, Any]:
    """Kill a worker, or its child, at random moments while it works, and let it start again."""
    done = {"worker": 0, "child": 0}
    for _ in range(kills):
        wait_for_work(chance.randint(1, jobs_between))
        time.sleep(chance.random() * 0.3)
        children = worker.children() if chance.random() < CHILDREN else []
        with suppress(ProcessLookupError):
            os.kill(children[0] if children else worker.process.pid, signal.SIGKILL)
            done["child" if children else "worker"] += 1
    return {f"kills of a {what}": count for what, count in done.items()}


def wait_for_work(n_jobs: int, seconds: float = 20.0) -> None:
    """Wait until so many more images are indexed; not for ever, since what is left may wait for its rescue."""
    from gallery.models import GalleryImage

    end, before = time.monotonic() + seconds, GalleryImage.objects.indexed().count()
    while GalleryImage.objects.indexed().count() < before + n_jobs and time.monotonic() < end:
        time.sleep(0.02)


def drained(seconds: float = SECONDS_TO_DRAIN) -> bool:
    """Wait until no job is left; whether that came about."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    end = time.monotonic() + seconds
    while ProcrastinateJob.objects.filter(status__in=["todo", "doing"]).exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


# The two parts, each in a process of its own: settings are read once in a process


def part_workers(jobs: int, kills: int, seed: int) -> dict[str, Any]:
    add_images(range(jobs))
    began = time.monotonic()
    worker = SupervisedWorker(start_worker)
    try:
        row: dict[str, Any] = kill_workers(worker, kills, random.Random(seed), max(2, 2 * jobs // (kills + 1) - 2))
        row["jobs left"] = int(not drained())
    finally:
        stopped = worker.stop()
    seconds = time.monotonic() - began
    return {
        "part": "workers",
        **row,
        **state_of_rows(jobs),
        **state_of_storage(),
        "seconds": f"{seconds:.0f} ({stopped:.1f} to stop)",
    }


def part_postmaster(jobs: int, kills: int, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    with served(os.environ["DATA_DIR"]) as port, uploads(port) as acknowledged:
        add_images(range(jobs))
        worker = SupervisedWorker(start_worker)
        waits = []
        try:
            for _ in range(kills):
                time.sleep(1 + 3 * chance.random())
                kill_postmaster()
                waits.append(seconds_to_answer(port))
            left = not again_and_again(drained)
        finally:
            stopped = worker.stop()
    answers = {f"answer {number}": f"{wait:.1f} s" for number, wait in enumerate(waits, 1)}
    return {
        "part": "postmaster",
        "kills": kills,
        "slowest answer": f"{max(waits, default=0):.1f} s",
        "answers too late": sum(wait > SECONDS_TO_ANSWER for wait in waits),
        "uploads acknowledged": str(len(acknowledged)),
        "acknowledged and lost": again_and_again(lambda: lost(acknowledged)),
        "jobs left": int(left),
        **state_of_rows(jobs),
        **state_of_storage(),
        "seconds to stop the worker": f"{stopped:.1f}",
        **answers,
    }


def start_worker() -> subprocess.Popen[Any]:
    return subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT)


@contextmanager
def uploads(port: int) -> Iterator[list[str]]:
    """Upload one photo after the other until the block ends; gives the addresses of those that were acknowledged."""
    acknowledged: list[str] = []
    is_over = threading.Event()

    def upload() -> None:
        number, site = 1_000_000, Site(port)
        while not is_over.wait(0.05):
            number += 1
            try:
                acknowledged.append(site.upload(picture(number)))
            except Exception:
                # Refused, or cut off: nothing was acknowledged. The same visitor goes on.
                cookies, site = site.cookies, Site(port)
                site.cookies = cookies

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        yield acknowledged
    finally:
        is_over.set()
        thread.join()


def kill_postmaster() -> None:
    status = Path(os.environ["DATA_DIR"], "postgres", "postmaster.pid")
    with suppress(OSError, ValueError, IndexError):
        os.kill(int(status.read_text().splitlines()[0]), signal.SIGKILL)


def seconds_to_answer(port: int) -> float:
    """How long it takes until a page that asks the database is answered."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        with suppress(OSError, ValueError):
            if Site(port).request("GET", "/gallery/").status == 200:
                break
        time.sleep(0.05)
    return time.monotonic() - began


def again_and_again(ask: Callable[[], Any]) -> Any:
    """Ask the database, whose connection may have been broken by a kill."""
    from django.db import InterfaceError, OperationalError, connection

    for _ in range(20):
        try:
            return ask()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.5)
    return ask()


PARTS: dict[str, Callable[[int, int, int], dict[str, Any]]] = {"workers": part_workers, "postmaster": part_postmaster}


def in_a_folder_of_its_own(part: str, jobs: int, kills: int, seed: int) -> dict[str, Any]:
    """Run one part over a fresh database and storage."""
    with tempfile.TemporaryDirectory(prefix="kill") as folder:
        # The database runs as another user when root starts it.
        Path(folder).chmod(0o755)
        result = Path(folder, "result.json")
        arguments = [part, str(jobs), str(kills), str(seed), str(result)]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.kill", "--part", *arguments],
            cwd=ROOT,
            env={**os.environ, **SMALL, "DATA_DIR": folder, "DATABASE_URL": ""},
            check=True,
        )
        row: dict[str, Any] = json.loads(result.read_text())
        return row


def run_part(part: str, jobs: str, kills: str, seed: str, result: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("warmup", stdout=io.StringIO())
    Path(result).write_text(json.dumps(PARTS[part](int(jobs), int(kills), int(seed))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000, metavar="N")
    parser.add_argument("--kills", type=int, default=50, metavar="K", help="of workers")
    parser.add_argument("--postmaster-kills", type=int, default=20, metavar="K")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--part", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        run_part(*given.part)
        return
    rows = [
        in_a_folder_of_its_own("workers", given.jobs, given.kills, given.seed),
        in_a_folder_of_its_own("postmaster", given.jobs // 5, given.postmaster_kills, given.seed),
    ]
    for row in rows:
        print(*(f"{name}: {value}" for name, value in row.items()), sep="\n")
        print("missed:", ", ".join(missed(row)) or "nothing", "\n")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")
    sys.exit(any(map(missed, rows)))


if __name__ == "__main__":
    main()
