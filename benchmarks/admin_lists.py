"""The lists of the admin over many synthetic images: time, and number of queries.

    python -m benchmarks.admin_lists PHOTO [--images N] [--repeat N] [--json FILE]

The rows are written by SQL to the site's own tables, in a PostgreSQL of its own that is gone afterwards: images with
titles, creators, licences, dates and tags, 1% of them people's own, 1% withdrawn, 1% failed, each with two regions in a
space. Measured is a whole request within one process, database and template included, by a superuser and by a curator.
The
working copy of PHOTO is decoded before each request: a ratio is the median of those pairs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.search import database
from benchmarks.searches import checked
from benchmarks.served_site import report
from selector.imaging.imagefile import decode, make_working_copy

if TYPE_CHECKING:
    from django.test import Client

IMAGES = "/admin/gallery/galleryimage/"
PER_PAGE = 40
# Of `%(n)s` images; number i decides on all that is in its row.
ROWS = (
    """INSERT INTO selector_photo (id, name, is_public, original, original_type, original_sha256, working,
        working_sha256, width, height, quarter_turns, original_bytes, working_bytes, created, owner_id)
    SELECT md5(i::text)::uuid, 'photo ' || i, i %% 100 > 1, '', 'image/jpeg', md5(i::text), '', md5(i::text),
        1024, 683, 0, 1, 1, now() - i * interval '1 minute', CASE WHEN i %% 100 = 0 THEN %(owner)s END
    FROM generate_series(1, %(n)s) i""",
    """INSERT INTO selector_labelmap (id, photo_id, working_sha256, engine, parameters, n_superpixels, labels,
        labels_bytes, hierarchy, created)
    SELECT i, md5(i::text)::uuid, md5(i::text), 'slic', '{}', 2000, '', 1, '', now()
    FROM generate_series(1, %(n)s) i""",
    """INSERT INTO gallery_galleryimage (id, photo_id, title, description, creator, licence, source_url, taken, status,
        error, failures, withdrawn, created)
    SELECT i, md5(i::text)::uuid, 'Picture ' || md5((i * 7)::text) || ' of ' || (i %% 5000), 'Plate ' || (i %% 977),
        'Creator ' || (i %% 3000), (ARRAY['', 'CC0', 'CC BY 4.0', 'CC BY-SA 4.0'])[1 + i %% 4], '',
        date '1900-01-01' + i %% 36500, CASE WHEN i %% 100 = 2 THEN 'failed' ELSE 'indexed' END, '', 0,
        CASE WHEN i %% 100 = 1 THEN now() END, now() - i * interval '1 minute'
    FROM generate_series(1, %(n)s) i""",
    """INSERT INTO taggit_tag (id, name, slug) SELECT t, 'tag ' || t, 'tag-' || t FROM generate_series(1, 2000) t""",
    """INSERT INTO taggit_taggeditem (object_id, content_type_id, tag_id)
    SELECT i, %(kind)s, 1 + (i * k) %% 2000 FROM generate_series(1, %(n)s) i, unnest(ARRAY[1, 3, 7]) k
    ON CONFLICT DO NOTHING""",
    """INSERT INTO gallery_indexedregion (id, image_id, label_map_id, node, "left", top, "right", bottom, area, mask,
        sample_key)
    SELECT 2 * i + node, i, i, node, 0, 0, 8, 8, 1, '', i
    FROM generate_series(1, %(n)s) i, generate_series(0, 1) node""",
    """INSERT INTO gallery_regionvector (region_id, image_id, space_id, vector)
    SELECT id, image_id, %(space)s, '[1,0,0,0]'::halfvec FROM gallery_indexedregion""",
)
LISTS = {
    "plain": "",
    "second page": "?p=2",
    "in the middle": "?p={middle}",
    "last page": "?p={last}",
    "by status": "?status__exact=failed",
    "by tag": "?tag=tag+17",
    "by licence": "?licence=CC+BY",
    "by creator": "?creator=creator+29",
    "by date of the picture": "?made=1950",
    "by date of adding": "?created__gte=2020-01-01",
    "withdrawn": "?where=withdrawn",
    "in the collection": "?where=public",
    "search, few": "?q=977+picture",
    "search, all": "?q=picture",
    "search, a tag": "?q=1234",
    "by title": "?o=2",
    "by title, last page": "?o=2&p={last}",
    "by date, oldest first": "?o=7",
    "licence and creator": "?licence=CC+BY&creator=creator+29",
}


def fill(n: int) -> None:
    """Write the rows of so many images."""
    from django.contrib.auth.models import User
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from gallery.models import DescriptorSpace, GalleryImage

    space = DescriptorSpace.objects.create(kind="appearance", model="none", dimensions=4, is_ready=True)
    kind = ContentType.objects.get_for_model(GalleryImage)
    owner = User.objects.create_user("owner")
    values = {"n": n, "owner": owner.pk, "kind": kind.pk, "space": space.pk}
    with connection.cursor() as cursor:
        for statement in ROWS:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


def people() -> dict[str, Client]:
    """Signed-in browsers of a superuser and of a curator."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    curator = User.objects.create_user("curator", is_staff=True)
    curator.groups.add(Group.objects.get(name="curators"))
    clients = {"superuser": Client(), "curator": Client()}
    clients["superuser"].force_login(User.objects.create_superuser("superuser"))
    clients["curator"].force_login(curator)
    return clients


def measured(who: str, client: Client, n: int, photo: bytes, repeat: int) -> list[dict[str, Any]]:
    """Each list as a person sees it; a decode before each request says how busy the machine was then."""
    pages = {"last": n * 98 // 100 // PER_PAGE, "middle": n // 2 // PER_PAGE}
    lists = {name: IMAGES + query.format(**pages) for name, query in LISTS.items()}
    others = {model: f"/admin/{model}/" for model in ("taggit/tag", "selector/photo", "curating/bulktask")}
    lists |= {name: address for name, address in others.items() if client.get(address).status_code == 200}
    return [timed(f"{who}: {name}", partial(asked, client, address), photo, repeat) for name, address in lists.items()]


def asked(client: Client, address: str) -> None:
    checked(client.get(address))


def timed(name: str, once: Callable[[], None], photo: bytes, repeat: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        once()
    n_queries = len(queries)  # The next request forgets them.
    times, decodes = [], []
    for _ in range(repeat):
        decodes.append(milliseconds(partial(decode, photo)))
        times.append(milliseconds(once))
    ratio = statistics.median(took / unit for took, unit in zip(times, decodes, strict=True))
    row = {"name": name, "fastest_ms": round(min(times)), "median_ms": round(statistics.median(times))}
    return row | {"decodes": round(ratio, 1), "fastest_decode_ms": round(min(decodes), 1), "queries": n_queries}


def milliseconds(once: Callable[[], object]) -> float:
    start = time.perf_counter()
    once()
    return 1000 * (time.perf_counter() - start)


def run(folder: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    with database(folder, "256MB"):
        from django.conf import settings
        from django.core.management import call_command

        settings.ALLOWED_HOSTS = ["*"]
        call_command("collectstatic", interactive=False, verbosity=0)
        fill(arguments.images)
        photo = make_working_copy(arguments.photo.read_bytes(), max_bytes=2**28, max_pixels=10**8).jpeg
        everybody = people().items()
        return [
            row for who, client in everybody for row in measured(who, client, arguments.images, photo, arguments.repeat)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="admin_lists") as folder:
        report(run(Path(folder), arguments), arguments.json)


if __name__ == "__main__":
    main()
