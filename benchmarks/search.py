"""Nearest regions among many: recall, latency and index of the site's own search on synthetic collections.

    python -m benchmarks.search [--rows 10000 100000 1000000] [--json FILE] [--folder FOLDER] [--queries N]

The collection is written to the site's real tables, in a PostgreSQL of its own that is gone afterwards, also when
interrupted; `benchmarks/synthetic_collection.py` says what the vectors are. Measured is `gallery.search.nearest`, as a
search calls it: among the images that a visitor may see, and that have a tag which all, every tenth, hundredth or
thousandth image has. One client. The truth for recall is computed with numpy from the vectors as stored. The exact
scan of all rows, in the same run, says how fast the machine is.

With `--folder` the database is kept there, and a second run measures again without building what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks import synthetic_collection as synthetic
from selector.arrays import Floats

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from gallery.models import DescriptorSpace, GalleryImage
    from gallery.search.nearest import Neighbours, QueryVector

Row = dict[str, Any]

PASSING = {"100%": "", "10%": "tenth", "1%": "hundredth", "0.1%": "thousandth"}
K = 10
WARM_UP = 20
EXACT_SCANS = 5


@contextmanager
def database(folder: Path, shared_buffers: str) -> Iterator[None]:
    """The embedded PostgreSQL over a folder, migrated, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # Started by root, the server runs as a user of its own.
    os.environ |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from superpixel_site.embedded_postgres import server

    data = folder / "postgres"
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM SET shared_buffers = '{shared_buffers}'")
            cursor.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        connection.close()
        server.leave(data)  # Started again by the next connection, with that much memory.
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        server.leave(data)


def the_space() -> DescriptorSpace:
    from gallery.models import DescriptorSpace

    defaults = {"dimensions": synthetic.DIMENSIONS, "is_ready": True}
    return DescriptorSpace.objects.get_or_create(kind="meaning", model=synthetic.MODEL, defaults=defaults)[0]


def fill(space: DescriptorSpace, rows: int) -> None:
    """Add blocks until there are so many rows; the index goes first, so that it is built over all."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection, transaction
    from taggit.models import Tag

    from gallery.index import hnsw
    from gallery.models import GalleryImage

    there = space.vectors.count()
    if there > rows:
        sys.exit(f"The folder holds {there} rows already; fewer cannot be measured in it.")
    if there == rows:
        return
    hnsw.drop(space)
    tags = {name: Tag.objects.get_or_create(name=name)[0].pk for name in synthetic.TAGS}
    content_type = ContentType.objects.get_for_model(GalleryImage).pk
    blocks = range(there // synthetic.BLOCK, rows // synthetic.BLOCK)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # Every key is there: no need to look.
        for block in tqdm(blocks, desc=f"{rows:,} rows", unit_scale=synthetic.BLOCK, unit=" rows", disable=None):
            with transaction.atomic():
                synthetic.add_block(cursor, block, space.pk, tags, content_type)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def build(space: DescriptorSpace, notes: Path) -> Row:
    """Build the index as `index_gallery` does; how long it took is noted for later runs on the same rows."""
    from gallery.index import hnsw
    from gallery.management.progress import index_bar

    if not hnsw.is_built(space):
        progress, move = index_bar("Index")
        start = time.perf_counter()
        with progress:
            hnsw.build(space, move)
        notes.write_text(json.dumps({"build_s": round(time.perf_counter() - start, 1)}))
    noted: Row = json.loads(notes.read_text()) if notes.exists() else {"build_s": None}
    return noted | {"index_mb": round(hnsw.size_of(space) / 2**20)}


def passing(tag: str) -> QuerySet[GalleryImage]:
    """The images that a visitor may search in, as `gallery.search` asks for them, with a tag if one is given."""
    from gallery.models import GalleryImage
    from selector.people import Person

    images = GalleryImage.objects.visible_to(Person()).exclude(photo__original_sha256="not one of them")
    return images.filter(tags__name=tag) if tag else images


def truth(questions: Floats, rows: int) -> dict[str, npt.NDArray[np.int64]]:
    """The keys of the K nearest regions to each question among those that pass each filter, int64 (q, K)."""
    best = {tag: (np.empty((len(questions), 0), np.int64), np.empty((len(questions), 0))) for tag in PASSING.values()}
    asked = questions.astype(np.float16).astype(np.float32)
    for block in tqdm(
        range(rows // synthetic.BLOCK), desc="Truth", unit_scale=synthetic.BLOCK, unit=" rows", disable=None
    ):
        stored = synthetic.block_of_vectors(block).astype(np.float16).astype(np.float32)
        distances = 1 - asked @ stored.T / np.linalg.norm(stored, axis=1) / np.linalg.norm(asked, axis=1)[:, None]
        first = block * synthetic.IMAGES
        tags = [synthetic.tags_of(image) for image in range(first, first + synthetic.IMAGES)]
        for tag, known in best.items():
            passes = np.repeat([not tag or tag in of_image for of_image in tags], synthetic.REGIONS)
            new = block * synthetic.BLOCK + 1 + np.flatnonzero(passes)
            keys = np.hstack([known[0], np.broadcast_to(new, (len(asked), len(new)))])
            lengths = np.hstack([known[1], distances[:, passes]])
            order = np.argsort(lengths, axis=1)[:, :K]
            best[tag] = np.take_along_axis(keys, order, 1), np.take_along_axis(lengths, order, 1)
    return {tag: keys for tag, (keys, _) in best.items()}


def timed(once: Callable[[Any], Any], questions: Any, desc: str, warm_up: int = WARM_UP) -> tuple[list[Any], Row]:
    """What comes of each question, and figures of the time it took, after a few to warm up."""
    for question in questions[:warm_up]:
        once(question)
    answers, times, on_cpu = [], [], []
    for question in tqdm(questions, desc=desc, unit=" questions", disable=None):
        start, cpu = time.perf_counter(), cpu_seconds()
        answers.append(once(question))
        times.append(1000 * (time.perf_counter() - start))
        on_cpu.append(1000 * (cpu_seconds() - cpu))
    return answers, {
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "cpu_ms": round(statistics.median(on_cpu), 1),
    }


def cpu_seconds() -> float:
    """Computing time so far of this process and its database session: what latency tends to on an idle machine.

    Linux tells that of the session; elsewhere, and for parallel workers, it is not counted.
    """
    from django.db import connection

    connection.ensure_connection()
    session = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + (int(session.read_text().split()[0]) / 1e9 if session.exists() else 0)


def nearest_among(images: QuerySet[GalleryImage], question: QueryVector) -> Neighbours:
    """The nearest regions of these images, which are counted first, as a search does."""
    from gallery.search.candidates import Candidates
    from gallery.search.nearest import nearest

    return nearest(question, Candidates(images))


def measure(space: DescriptorSpace, rows: int, n_queries: int, index: Row) -> list[Row]:
    from gallery.search.calibration import calibrated
    from gallery.search.candidates import Candidates
    from gallery.search.nearest import Neighbours, QueryVector, exact_scan

    drawn = synthetic.questions(n_queries)
    questions = [QueryVector(space, vector) for vector in drawn]
    true = truth(drawn, rows)
    results: list[Row] = []
    for name, tag in PASSING.items():
        images = passing(tag)
        way = "exact" if Candidates(images).few is not None else "index"
        answers, times = timed(partial(nearest_among, images), questions, name)
        found = [set(near.region_ids[:K].tolist()) for near in answers]
        right = [len(a & set(b.tolist())) / max(len(b), 1) for a, b in zip(found, true[tag], strict=True)]
        hits = min(len(np.unique(near.image_ids)) for near in answers)
        results.append(
            {"rows": rows, "filter": name, "way": way, "recall_at_10": round(statistics.mean(right), 4)}
            | times
            | {"hits": hits, "exist": images.count()}
            | index
        )
    known = Neighbours.of([1], [1], [0.0])
    _, times = timed(lambda question: calibrated(question, known.region_ids, known), questions, "Calibration")
    results.append({"rows": rows, "filter": "calibration alone"} | times)
    scanned = questions[: EXACT_SCANS + 1]
    _, times = timed(lambda question: exact_scan(question, passing("")), scanned, "Exact scan", warm_up=1)
    results.append({"rows": rows, "filter": "100%, exact scan"} | times)
    return results


def show(results: list[Row]) -> None:
    columns = list(results[0])
    print(" | ".join(columns))
    for row in results:
        print(" | ".join(str(row.get(column, "")) for column in columns))
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


def run(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    results: list[Row] = []
    with database(folder, arguments.shared_buffers):
        space = the_space()
        for rows in sorted(arguments.rows):
            fill(space, rows)
            results += measure(space, rows, arguments.queries, build(space, folder / f"build-{rows}.json"))
            show(results)
    return results


def n_rows(text: str) -> int:
    rows = int(text)
    if rows < synthetic.BLOCK or rows % synthetic.BLOCK:
        raise argparse.ArgumentTypeError(f"must be a multiple of {synthetic.BLOCK}")
    return rows


def measured(parser: argparse.ArgumentParser, run: Callable[[Path, argparse.Namespace], list[Row]]) -> None:
    """Run a benchmark over a database in a folder: read its arguments and those that all have, and write its rows."""
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="keep the database here, and use what is here")
    parser.add_argument("--shared-buffers", default="2GB", help="PostgreSQL's own cache (default: %(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that the folder goes then, too.
    if arguments.folder:
        results = run(arguments.folder.resolve(), arguments)
    else:
        with tempfile.TemporaryDirectory(prefix="search") as folder:
            results = run(Path(folder), arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=n_rows, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=200)
    measured(parser, run)


if __name__ == "__main__":
    main()
