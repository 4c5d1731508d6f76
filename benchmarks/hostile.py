"""Broken and malicious image files through the real upload: `python -m benchmarks.hostile FOLDER`.

FOLDER, or a .tar.gz of one, holds image files. They and mutations of them are sent to a served site, eight at a time.
The exit code is 1 if an answer was 5xx, a process died, an answer took more than 10 s, or a web process took more than
700 MB or kept 150. With --formats the command makes small files of the other formats itself, and sends 500 mutations of
each; reading one may take 300 MB. With --worst the costliest requests known are sent, eight of a kind at once, while
another person clicks: every click and /healthz has to be answered within 1 s.
"""

from __future__ import annotations

import argparse
import io
import sys
import tarfile
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from queue import Queue

from PIL import Image

from benchmarks import hostile_seeds
from benchmarks.mutations import mutated
from benchmarks.processes import idle, peak_of, web_processes
from benchmarks.served_site import Site, found, report, served, text_of

AT_ONCE = 8
MOST_SECONDS, MOST_MB, MOST_KEPT_MB, MOST_SECONDS_OF_A_CLICK = 10.0, 700, 150, 1.0
# A process that reads a picture has some 50 MB at its start, which it shares with the others.
MOST_MB_OF_A_CHILD = 350
MUTATIONS_OF_A_FORMAT = 500
# A web process loads what it needs beside its first requests.
SECONDS_TO_LOAD = 10.0
# A visitor's share, so that quotas do not answer in place of the decoders.
FILES_OF_A_VISITOR = 100


def read_files(place: Path) -> list[bytes]:
    """The files of a folder or of a .tar.gz, in the order of their names."""
    if place.is_dir():
        return [path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()]
    with tarfile.open(place) as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        return [file.read() for member in members if (file := archive.extractfile(member))]


@dataclass
class Answers:
    """What came back: how often each status (0: no answer), and the slowest one."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int, seconds: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)

    @property
    def n_failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)


def timed(ask: Callable[[], int], answers: Answers) -> None:
    start = time.perf_counter()
    try:
        status = ask()
    except (OSError, HTTPException):
        status = 0
    answers.add(status, time.perf_counter() - start)


def status_of_upload(site: Site, file: bytes) -> int:
    return site.send_photo(file).status


def send_all(port: int, files: Iterator[bytes], answers: Answers) -> None:
    """Upload all files, so many at a time as there are threads."""
    queue: Queue[bytes] = Queue(maxsize=2 * AT_ONCE)

    def visitor() -> None:
        site, n_sent = Site(port), 0
        while (file := queue.get()) != b"end":
            if n_sent % FILES_OF_A_VISITOR == 0:
                site = Site(port)
            timed(partial(status_of_upload, site, file), answers)
            n_sent += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        visitors = [pool.submit(visitor) for _ in range(AT_ONCE)]
        for file in files:
            queue.put(file)
        for _ in visitors:
            queue.put(b"end")
    for done in visitors:
        done.result()


def uploads(port: int, files: list[bytes], n_mutations: int) -> dict[str, object]:
    """Send files and mutations of them, and what came of it."""
    pids, answers = web_processes(port), Answers()
    before = idle(pids, SECONDS_TO_LOAD)
    start = time.perf_counter()
    with peak_of(pids) as peak:
        send_all(port, iter([*files, *mutated(files, n_mutations)]), answers)
    seconds = time.perf_counter() - start
    kept = max(after - before[pid] for pid, after in idle(pids).items())
    return {
        "files": len(files) + n_mutations,
        "answers": dict(sorted(answers.statuses.items())),
        "minutes": round(seconds / 60, 1),
        "slowest, s": round(answers.slowest, 2),
        "died": len(pids - web_processes(port)),
        "start, MB": round(max(before.values())),
        "peak, MB": round(peak.alone),
        "peak with children, MB": round(peak.with_children),
        "largest child, MB": round(peak.child),
        "kept, MB": round(kept),
        "missed": answers.n_failed > 0
        or answers.slowest > MOST_SECONDS
        or not pids <= web_processes(port)
        or peak.with_children > MOST_MB
        or peak.child > MOST_MB_OF_A_CHILD
        or kept > MOST_KEPT_MB,
    }


# The worst


def scans_behind_a_comment(count: int = 1000) -> bytes:
    """A progressive JPEG of 40 megapixels with so many passes behind a comment that looks like its end."""
    out = io.BytesIO()
    Image.new("L", (8000, 5000), 128).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    first = data.index(b"\xff\xda")
    return data[:first] + b"\xff\xfe\0\4\xff\xd9" + data[first:-2] + b"\xff\xfe\0\4\xff\xd9" + last * count + data[-2:]


def lossless_webp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8000, 5000), (200, 100, 50)).save(out, "WEBP", lossless=True)
    return out.getvalue()


def large_photo() -> bytes:
    """40 megapixels with something in them."""
    out = io.BytesIO()
    Image.effect_mandelbrot((8000, 5000), (-3, -2.5, 2, 2.5), 60).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def worst(port: int) -> Iterator[dict[str, object]]:
    """Eight of each of the costliest requests at once, and how long another person waits meanwhile."""
    owner, clicker = Site(port), Site(port)
    preview = f"{owner.upload(large_photo())}preview.png?size=original&background=dimmed"
    workspace = clicker.upload(small_photo())
    scans, webp = scans_behind_a_comment(), lossless_webp()
    kinds: dict[str, Callable[[Site], int]] = {
        "scans behind a comment": lambda site: site.send_photo(scans).status,
        "lossless WebP of 40 megapixels": lambda site: site.send_photo(webp).status,
        "40 megapixels in original size": lambda site: site.as_visitor_of(owner).request("GET", preview).status,
    }
    pids = web_processes(port)
    for name, ask in kinds.items():
        yield {"worst": name, **meanwhile(port, ask, clicker, workspace, pids)}


def small_photo() -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot((600, 400), (-3, -2.5, 2, 2.5), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def status_of_click(site: Site, workspace: str, click: dict[str, object]) -> int:
    return site.gesture(workspace, **click).status


def meanwhile(
    port: int, ask: Callable[[Site], int], clicker: Site, workspace: str, pids: set[int]
) -> dict[str, object]:
    """Send eight at once, and click until all are answered."""
    works, clicks, healths = Answers(), Answers(), Answers()
    clicker = Site(port).as_visitor_of(clicker)  # Its connection has been idle too long to be trusted.
    label_map = found(r'data-label-map="(\d+)"', text_of(clicker.request("GET", workspace)))
    threads = [threading.Thread(target=timed, args=(lambda: ask(Site(port)), works)) for _ in range(AT_ONCE)]
    n = 0
    with peak_of(pids) as peak:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            n += 1
            click = {"tool": "toggle", "points": f"{n * 37 % 600},{n * 53 % 400}", "level": 400, "draws": "on"}
            click |= {"label_map": label_map, "tab": uuid.uuid4().hex, "number": n}
            timed(partial(status_of_click, clicker, workspace, click), clicks)
            timed(lambda: Site(port).request("GET", "/healthz").status, healths)
            time.sleep(0.1)
    slowest = max(clicks.slowest, healths.slowest)
    return {
        "answers": dict(sorted(works.statuses.items())),
        "slowest, s": round(works.slowest, 2),
        "clicks": n,
        "slowest click, s": round(clicks.slowest, 2),
        "slowest /healthz, s": round(healths.slowest, 2),
        "peak with children, MB": round(peak.with_children),
        "missed": slowest > MOST_SECONDS_OF_A_CLICK or clicks.n_failed + healths.n_failed > 0,
    }


def opened(folder: str) -> str:
    """The folder, which the database of root's, run by somebody else, may pass through."""
    Path(folder).chmod(0o755)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="image files, or a .tar.gz of them")
    parser.add_argument("--mutations", type=int, default=16_500, metavar="N", help="how many damaged files to make")
    parser.add_argument("--formats", action="store_true", help="send damaged files of the other formats")
    parser.add_argument("--worst", action="store_true", help="send the costliest requests")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    arguments = parser.parse_args()
    if not arguments.folder and not arguments.formats and not arguments.worst:
        parser.error("name a folder of image files, --formats or --worst")
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="hostile") as folder, served(opened(folder)) as port:
        if arguments.folder:
            rows.append(uploads(port, read_files(arguments.folder), arguments.mutations))
        if arguments.formats:
            for name, files in hostile_seeds.seeds().items():
                rows.append({"format": name, **uploads(port, files, MUTATIONS_OF_A_FORMAT)})
        if arguments.worst:
            rows += worst(port)
    report(rows, arguments.json)
    return 1 if any(row["missed"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
