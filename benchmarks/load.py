"""Many people at once: a whole site by `manage.py serve`, on loopback, and Locust in the place of the people.

    python -m benchmarks.load PHOTOS [--images FOLDER] [--people N] [--seconds N] [--json FILE]

PHOTOS are JPEGs that the people upload; the collection is FOLDER's images, or the demo collection. Settings come from
the environment (MEANING_MODEL and the like), the rest are the defaults. Locust runs on the same machine: its share of
the processors is told. The exit code is 1 when an answer was a 5xx, a connection was dropped, or a click or search took
longer than it may.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.clicks import decode_ms
from benchmarks.served_site import ROOT, free_port, report, wait_for

# 95 of 100 come within so many milliseconds.
LIMITS_MS = {"click": 150, "search": 500}
SECONDS_BETWEEN_SAMPLES = 2.0


@dataclass
class Watch(threading.Thread):
    """Samples the memory of the site's processes, and the processor time of all, while the people act."""

    site: int
    locust: int
    ended: threading.Event = field(default_factory=threading.Event)
    memory: dict[str, list[int]] = field(default_factory=dict)
    cpu: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    # A dataclass compares by its fields, which would make a thread unhashable.
    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.ended.wait(SECONDS_BETWEEN_SAMPLES):
            sums: dict[str, int] = {}
            for name, process in [*site_processes(self.site), ("locust", psutil.Process(self.locust))]:
                try:
                    sums[name] = sums.get(name, 0) + process.memory_info().rss
                    used = process.cpu_times()
                    spent = used.user + used.system
                    self.cpu[f"{name} {process.pid}"] = (self.cpu.get(f"{name} {process.pid}", (spent,))[0], spent)
                except psutil.Error:
                    continue
            for name, rss in sums.items():
                self.memory.setdefault(name, []).append(rss)

    def rows(self, seconds: float) -> list[dict[str, object]]:
        """For each kind of process its memory, a quarter into the run, at the end and at most, and its processors."""
        return [
            {
                "name": f"{name}: memory and processors",
                "MiB_after_a_quarter": samples[len(samples) // 4] // 2**20,
                "MiB_at_the_end": samples[-1] // 2**20,
                "MiB_at_most": max(samples) // 2**20,
                "cores": self.share_of(name, seconds),
            }
            for name, samples in self.memory.items()
        ]

    def share_of(self, name: str, seconds: float) -> float:
        """How many processors one kind of process kept busy."""
        spent = sum(last - first for key, (first, last) in self.cpu.items() if key.startswith(f"{name} "))
        return round(spent / seconds, 2)


def site_processes(serve: int) -> Iterator[tuple[str, psutil.Process]]:
    """The processes of a site, each with its part in it."""
    for process in [psutil.Process(serve), *psutil.Process(serve).children(recursive=True)]:
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        known = [name for name in ("web", "worker", "serve") if name in words[:4]]
        yield (known[0] if known else "children"), process


def wait_until_idle(serve: int, patience: float = 120.0) -> None:
    """Wait until the site's processes have loaded what they load when they start."""
    deadline = time.monotonic() + patience
    spent = [-1.0]
    while time.monotonic() < deadline and (len(spent) < 4 or spent[-1] - spent[-4] > 0.1):
        time.sleep(1)
        used = [process.cpu_times() for _, process in site_processes(serve)]
        spent.append(sum(times.user + times.system for times in used))


@contextmanager
def whole_site(data_dir: str, images: Path | None) -> Iterator[tuple[int, int]]:
    """A site by `manage.py serve` over a new database: its port, and the process id of `serve`."""
    port = free_port()
    environment = {**os.environ, "DATA_DIR": data_dir, "PORT": str(port), "LOG_LEVEL": "ERROR"}
    manage = [sys.executable, "manage.py"]
    if images:
        for command in (
            ["migrate", "--verbosity", "0"],
            ["warmup"],
            ["import_images", str(images.resolve())],
            ["index_gallery"],
        ):
            subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True)
    with Path(data_dir, "serve.log").open("wb") as log:
        serve = subprocess.Popen([*manage, "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port)
            yield port, serve.pid
        finally:
            serve.send_signal(signal.SIGINT)
            serve.wait(timeout=60)


def played(port: int, photos: Path, people: int, seconds: int, folder: Path, **how: str) -> subprocess.Popen[bytes]:
    """Locust with so many people, started; it leaves its statistics in the folder, as `locust.json`.

    What else is given are variables of `benchmarks.load_users`, such as LOAD_PAUSE.
    """
    command = [sys.executable, "-m", "locust", "--locustfile", str(Path(__file__).with_name("load_users.py"))]
    command += ["--headless", "--host", f"http://127.0.0.1:{port}", "--users", str(people)]
    command += ["--spawn-rate", str(max(1, people // 20)), "--run-time", f"{seconds}s", "--stop-timeout", "20"]
    command += ["--only-summary", "--json-file", str(folder / "locust"), "--loglevel", "ERROR"]
    environment = {**os.environ, "LOAD_PHOTOS": str(photos.resolve()), **how}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def percentile(times: dict[str, int], share: float) -> float:
    """The time within which a share of the answers came, from Locust's counts of rounded milliseconds."""
    counts = sorted((float(ms), n) for ms, n in times.items())
    wanted = share * sum(n for _, n in counts)
    passed = 0
    for ms, n in counts:
        passed += n
        if passed >= wanted:
            return ms
    return 0.0


def request_rows(statistics: list[dict[str, Any]]) -> list[dict[str, object]]:
    """What each kind of request took, and how many failed."""
    return [
        {
            "name": row["name"],
            "requests": row["num_requests"],
            "failed": row["num_failures"],
            "median_ms": percentile(row["response_times"], 0.5),
            "p95_ms": percentile(row["response_times"], 0.95),
            "longest_ms": round(row["max_response_time"]),
        }
        for row in sorted(statistics, key=lambda row: -row["num_requests"])
    ]


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """Sentences about what is not as it must be."""
    named = {row["name"]: row for row in rows}
    too_slow = [
        f"95 of 100 of {name} took {named[name]['p95_ms']:.0f} ms, more than {limit}."
        for name, limit in LIMITS_MS.items()
        if name in named and named[name]["p95_ms"] > limit
    ]
    failed = sum(row.get("failed", 0) for row in rows)
    return too_slow + ([f"{failed} requests failed."] if failed else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="load") as folder:
        Path(folder).chmod(0o755)
        with whole_site(folder, arguments.images) as (port, serve):
            wait_until_idle(serve)
            started = time.monotonic()
            locust = played(port, arguments.photos, arguments.people, arguments.seconds, Path(folder))
            watch = Watch(serve, locust.pid)
            watch.start()
            locust.wait(timeout=arguments.seconds + 120)
            seconds = time.monotonic() - started
            watch.ended.set()
            watch.join()
        statistics = json.loads(Path(folder, "locust.json").read_text())
    photo = next(path for path in sorted(arguments.photos.iterdir()) if path.suffix.lower() == ".jpg")
    decode = {"name": "one JPEG decode, for comparison", "median_ms": round(decode_ms(photo.read_bytes()), 2)}
    rows = [*request_rows(statistics), *watch.rows(seconds), decode]
    report(rows, arguments.json)
    problems = missed(rows)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
