"""How long the page about health takes, and by how many queries, in a collection that never was.

    python -m benchmarks.health [--images N] [--rounds R] [--json FILE]

N images with 16 regions, a vector of 8 dimensions each in two spaces, three tags, a date; one in a hundred has failed,
one in ten waits in the queue. Everything is in a temporary database. "anew" is the first look of a while, at which
everything is counted; "again" is another one within five minutes, or while a worker runs. The exit code is 1 when
"anew" takes a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.served_site import ROOT

MOST_SECONDS = 1.0
REGIONS = 16
FILL = """
INSERT INTO selector_photo (id, name, is_public, original, original_bytes, original_type, original_sha256, working,
    working_bytes, working_sha256, width, height, quarter_turns, created)
SELECT gen_random_uuid(), 'p', n % 19 > 0, '', 3000000, 'image/jpeg', md5(n::text), '', 300000, md5(n::text), 1024, 768,
    0, now() FROM generate_series(1, {n}) AS n;
INSERT INTO gallery_galleryimage (photo_id, title, description, creator, licence, source_url, taken, status, error,
    failures, created)
SELECT id, 'Image', '', '', '', '', date '1950-01-01' + (row_number() OVER () % 27000)::int,
    CASE WHEN row_number() OVER () % 100 = 0 THEN 'failed' WHEN row_number() OVER () % 10 = 0 THEN 'pending'
        ELSE 'indexed' END,
    CASE WHEN row_number() OVER () % 100 = 0 THEN 'The file has ' || row_number() OVER () || ' MB.' ELSE '' END,
    0, now() FROM selector_photo;
INSERT INTO selector_labelmap (photo_id, working_sha256, engine, parameters, n_superpixels, labels, labels_bytes,
    hierarchy, created)
SELECT id, working_sha256, 'none', '', 2000, '', 70000, '', now() FROM selector_photo;
INSERT INTO gallery_indexedregion (image_id, label_map_id, node, "left", top, "right", bottom, area, mask, sample_key)
SELECT image.id, map.id, node, 0, 0, 9, 9, 0.1, '', node FROM gallery_galleryimage AS image
JOIN selector_labelmap AS map USING (photo_id), generate_series(1, {regions}) AS node WHERE status = 'indexed';
INSERT INTO gallery_descriptorspace
    (kind, model, pretrained, method, weights, dimensions, knows_words, is_ready, created)
SELECT kind, 'none', '', '', '', 8, false, true, now() FROM unnest(array['appearance', 'meaning']) AS kind;
INSERT INTO gallery_regionvector (region_id, image_id, space_id, vector)
SELECT region.id, image_id, space.id, '[1,0,0,0,0,0,0,0]' FROM gallery_indexedregion AS region,
    gallery_descriptorspace AS space;
INSERT INTO taggit_tag (name, slug) SELECT 'tag ' || n, 'tag-' || n FROM generate_series(1, 500) AS n;
INSERT INTO taggit_taggeditem (tag_id, content_type_id, object_id)
SELECT DISTINCT tag.id, {kind}, image.id FROM gallery_galleryimage AS image, generate_series(1, 3) AS place
JOIN taggit_tag AS tag ON true WHERE tag.slug = 'tag-' || (1 + (image.id * place) % 500);
INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
SELECT 'index', 'gallery.index_image', jsonb_build_object('image_id', id), 'todo' FROM gallery_galleryimage
WHERE status = 'pending';
"""


def fill(n: int) -> None:
    """Make a collection of n images, in the database alone."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from gallery.models import GalleryImage

    kind = ContentType.objects.get_for_model(GalleryImage).pk
    with connection.cursor() as cursor:
        for statement in FILL.format(n=n, regions=REGIONS, kind=kind).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        # As the server does by itself after a while.
        cursor.execute("VACUUM ANALYZE")


def measure(n: int, rounds: int) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    fill(n)
    client = Client()
    client.force_login(User.objects.create_superuser("curator"))

    def look() -> tuple[float, int]:
        began = perf_counter()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/curating/health/", HTTP_HOST="localhost")
        assert answer.status_code == 200, answer.status_code
        return perf_counter() - began, len(queries)

    look()
    anew, again = [], []
    for _ in range(rounds):
        cache.delete("health")
        anew.append(look())
        again.append(look())
    return {
        "images": n,
        **{
            f"{name}, ms": round(1000 * median(t for t, _ in rows)) for name, rows in (("anew", anew), ("again", again))
        },
        "longest anew, ms": round(1000 * max(t for t, _ in anew)),
        "queries anew": anew[-1][1],
        "queries again": again[-1][1],
    }


def in_a_folder_of_its_own(n: int, rounds: int) -> dict[str, Any]:
    """Measure over a fresh database."""
    with tempfile.TemporaryDirectory(prefix="health", ignore_cleanup_errors=True) as folder:
        # The database runs as another user when root starts it, and may still be writing when its processes are gone.
        Path(folder).chmod(0o755)
        result = Path(folder, "result.json")
        command = [sys.executable, "-m", "benchmarks.health", "--part", str(n), str(rounds), str(result)]
        environment = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": "", "LOG_LEVEL": "ERROR"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        row: dict[str, Any] = json.loads(result.read_text())
        return row


def run_part(n: str, rounds: str, result: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    Path(result).write_text(json.dumps(measure(int(n), int(rounds))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="R")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        run_part(*given.part)
        return
    row = in_a_folder_of_its_own(given.images, given.rounds)
    print(*(f"{name}: {value}" for name, value in row.items()), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(row, indent=2) + "\n")
    sys.exit(row["anew, ms"] >= 1000 * MOST_SECONDS)


if __name__ == "__main__":
    main()
