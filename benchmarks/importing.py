"""An import while workers are killed: the same rows, files and vectors as undisturbed. And how fast one is.

    python -m benchmarks.importing kills [--images N] [--kills K] [--workers W] [--seed S] [--json FILE]
    python -m benchmarks.importing speed FOLDER [--images N] [--concurrency C] [--json FILE]

"kills" imports an archive of N small pictures with a manifest twice, each time in a folder of its own with embedded
PostgreSQL, by W workers that share the queue; the second time they, or a child of theirs, are killed K times. The exit
code is 1 when anything differs. "speed" imports and indexes (`appearance` alone) the photos of a folder by one worker;
beside the clock it tells the processor time, which hardly grows when the machine is busy with other work.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.kill import CHILDREN, SMALL, SupervisedWorker, drained, picture
from benchmarks.processes import Peak, peak_of, processor_seconds
from benchmarks.served_site import ROOT

SECONDS_TO_DRAIN = 600.0
# Declared as any text: django-stubs looks literal names up, and does not know the fields of taggit.
TAGS: str = "tags"


def write_archive(file: Path, n_images: int) -> None:
    """An archive of pictures with a manifest: some are there twice, some are none, and some lines are wrong."""
    manifest = ["path,title,tags,date"]
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(n_images):
            name = f"{number % 7}/{number:05}.jpg"
            data = picture(number if number % 50 else number // 2)
            archive.writestr(name, b"no picture" if number % 60 == 30 else data)
            if number % 3 == 0:
                day = "2024-02-31" if number % 33 == 0 else "2024-02-29"
                manifest.append(f"{name},Picture {number},third; {number % 5},{day}")
        archive.writestr("__MACOSX/._0.jpg", b"note")
        archive.writestr("manifest.csv", "\n".join(manifest))


# What has become of an import


def outcome() -> dict[str, str]:
    """What an import has left behind, each kind of thing as its number and a hash of all: keys do not count."""
    return {name: f"{len(rows)} {digest(rows)}" for name, rows in contents().items()}


def digest(rows: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:16]


def contents() -> dict[str, list[str]]:
    """All rows and files, as texts without keys."""
    from curating.models import BulkTask, ImportItem
    from gallery.models import GalleryImage, IndexedRegion, RegionVector

    tasks = BulkTask.objects.filter(kind="import")
    images = GalleryImage.objects.select_related("photo").prefetch_related(TAGS)
    regions = IndexedRegion.objects.values_list(
        "image__photo__original_sha256", "node", "left", "top", "right", "bottom", "area", "mask"
    )
    vectors = RegionVector.objects.values_list("image__photo__original_sha256", "region__node", "space__kind", "vector")
    return {
        "tasks": [f"{row}" for row in tasks.values_list("state", "total", "done", "failed", "skipped")],
        "files of imports": [f"{row}" for row in ImportItem.objects.values_list(
            "path", "state", "reason", "image__photo__original_sha256")],
        "images": [f"{image.photo.original_sha256} {image.title} {image.taken} {image.status} {image.perceptual_hash} "
                   f"{sorted(tag.name for tag in image.tags.all())}" for image in images],
        "regions": [f"{row[:-1]} {bytes(row[-1]).hex()}" for row in regions.iterator()],
        "vectors": [f"{row}" for row in vectors.iterator()],
        "files": list(hashes_of_files()),
    }  # fmt: skip


def hashes_of_files() -> Iterator[str]:
    """Of each stored file its kind and what is in it."""
    from django.core.files.storage import default_storage

    root = Path(default_storage.path(""))
    for file in root.rglob("*"):
        if file.is_file():
            kind = file.relative_to(root).parts[0]
            yield f"{kind} {hashlib.sha256(file.read_bytes()).hexdigest()}"


def repaired() -> None:
    """Let the site mend its storage."""
    from django.core.management import call_command

    with suppress(SystemExit):
        call_command("check_storage", repair=True, older_than=0, stdout=io.StringIO())


# The parts, each in a process of its own: settings are read once in a process


def part_kills(archive: str, kills: int, n_workers: int, seed: int) -> dict[str, str]:
    start(Path(archive))
    workers = [SupervisedWorker(start_worker) for _ in range(n_workers)]
    began = time.monotonic()
    try:
        kill_at_random(workers, kills, random.Random(seed))
        is_done = drained(SECONDS_TO_DRAIN)
    finally:
        for worker in workers:
            worker.stop()
    repaired()
    seconds = f"{time.monotonic() - began:.0f}"
    return {**outcome(), "jobs left": str(int(not is_done)), "seconds": seconds}


def start(source: Path) -> None:
    from curating.importing import Wanted, start_import
    from curating.importing.starting import queue

    queue(start_import(Wanted(str(source))))


def kill_at_random(workers: list[SupervisedWorker], kills: int, chance: random.Random) -> None:
    """Kill a worker, or a child of one, at random moments while they import and index."""
    for _ in range(kills):
        time.sleep(0.5 + 3 * chance.random())
        worker = chance.choice(workers)
        children = worker.children() if chance.random() < CHILDREN else []
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children) if children else worker.process.pid, signal.SIGKILL)


def start_worker(*arguments: str) -> subprocess.Popen[Any]:
    return subprocess.Popen([sys.executable, "manage.py", "worker", *arguments], cwd=ROOT)


def part_speed(folder: str, concurrency: int) -> dict[str, str]:
    from gallery.models import GalleryImage

    start(Path(folder))
    server = int(Path(os.environ["DATA_DIR"], "postgres", "postmaster.pid").read_text().split()[0])
    began, before = time.monotonic(), processor_seconds(server)
    worker = start_worker("--concurrency", str(concurrency))
    try:
        with peak_of({worker.pid}, seconds_between=1) as peak:
            halves = [memory_when(worker.pid, peak, share) for share in (0.5, 1.0)]
            is_done = drained(SECONDS_TO_DRAIN)
        of_worker, of_server = processor_seconds(worker.pid), processor_seconds(server) - before
    finally:
        worker.terminate()
        worker.wait(60)
    seconds = time.monotonic() - began
    n_images = GalleryImage.objects.indexed().count()
    each = 1000 / max(n_images, 1)
    return {
        "images": str(n_images),
        "images a second": f"{n_images / seconds:.1f}",
        "processor time an image, ms": f"{of_worker * each:.0f}, of the database {of_server * each:.0f}",
        "images a second on 2 idle cores": f"{2000 / (of_worker * each + of_server * each):.1f}",
        "memory after half": halves[0],
        "memory after all": halves[1],
        "jobs left": str(int(not is_done)),
    }


def memory_when(pid: int, peak: Peak, share: float) -> str:
    """The most memory of a worker until such a share of the images of an import is indexed."""
    from curating.models import BulkTask
    from gallery.models import GalleryImage

    end = time.monotonic() + SECONDS_TO_DRAIN
    while time.monotonic() < end and psutil.pid_exists(pid):
        task = BulkTask.objects.get(kind="import")
        wanted = share * (task.total - task.failed - task.skipped)
        is_listed = bool(task.options.get("is_listed"))
        if is_listed and (share < 1 or not task.is_open) and GalleryImage.objects.indexed().count() >= wanted:
            break
        time.sleep(0.5)
    return memory(peak)


def memory(peak: Peak) -> str:
    """The most of a worker, and with all its children; what these share counts once."""
    return f"{peak.alone:.0f} MB, with children {peak.together:.0f} MB"


PARTS: dict[str, Callable[..., dict[str, str]]] = {"kills": part_kills, "speed": part_speed}


def in_a_folder_of_its_own(part: str, *arguments: object, **settings: str) -> dict[str, str]:
    """Run one part over a fresh database and storage."""
    with tempfile.TemporaryDirectory(prefix="importing", ignore_cleanup_errors=True) as folder:
        # The database runs as another user when root starts it.
        Path(folder).chmod(0o755)
        result = Path(folder, "result.json")
        command = [sys.executable, "-m", "benchmarks.importing", "--part", part, str(result), json.dumps(arguments)]
        environment = {**os.environ, **settings, "DATA_DIR": folder, "DATABASE_URL": ""}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        row: dict[str, str] = json.loads(result.read_text())
        return row


def run_part(part: str, result: str, arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("warmup", stdout=io.StringIO())
    Path(result).write_text(json.dumps(PARTS[part](*json.loads(arguments))))


def compare_kills(given: argparse.Namespace) -> tuple[list[dict[str, str]], bool]:
    with tempfile.TemporaryDirectory(prefix="archive") as folder:
        archive = Path(folder, "pictures.zip")
        write_archive(archive, given.images)
        rows = [
            in_a_folder_of_its_own("kills", str(archive), kills, given.workers, given.seed, **SMALL)
            for kills in (0, given.kills)
        ]
    return rows, any(rows[0][name] != rows[1][name] for name in rows[0] if name != "seconds")


@contextmanager
def some_of(folder: Path, n: int) -> Iterator[Path]:
    """A folder with links to so many of the files of another; that one itself where all are wanted."""
    if not n:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="photos") as chosen:
        for file in sorted(path for path in folder.rglob("*") if path.is_file())[:n]:
            Path(chosen, file.name).symlink_to(file.resolve())
        yield Path(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=PARTS, nargs="?")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--images", type=int, default=0, metavar="N")
    parser.add_argument("--kills", type=int, default=30, metavar="K")
    parser.add_argument("--workers", type=int, default=2, metavar="W")
    parser.add_argument("--concurrency", type=int, default=2, metavar="C")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        run_part(*given.part)
        return
    if given.what == "speed":
        with some_of(given.folder, given.images) as folder:
            rows = [in_a_folder_of_its_own("speed", str(folder), given.concurrency, MEANING_ENABLED="false")]
        differs = False
    else:
        given.images = given.images or 1000
        rows, differs = compare_kills(given)
    for row in rows:
        print(*(f"{name}: {value}" for name, value in row.items()), "", sep="\n")
    print("different" if differs else "the same")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")
    sys.exit(differs)


if __name__ == "__main__":
    main()
