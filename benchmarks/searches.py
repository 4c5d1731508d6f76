"""What a search costs on the server: a collection that is indexed already, the site's own views, one client.

    python -m benchmarks.searches PHOTO [--json FILE] [--repeat N]

Searches the collection that `DATA_DIR` or `DATABASE_URL` names, as a visitor who uploads PHOTO, selects another region
for each search, asks for more, refines and judges. Times are from the request to the whole response inside one process,
the database included. The stages of a search follow.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.served_site import found, report

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

LEVEL = 40
HTMX = {"HX-Request": "true"}
Row = dict[str, object]


def measure(name: str, once: Callable[[], object], repeat: int) -> Row:
    """Median and 95th percentile of the time, and the database queries of one more call."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(3):
        once()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        once()
        times.append(1000 * (time.perf_counter() - start))
    with CaptureQueriesContext(connection) as queries:
        once()
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return {
        "name": name,
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(p95, 1),
        "queries": len(queries),
    }


def checked(response: Any) -> HttpResponse:
    assert response.status_code == 200, response
    answer: HttpResponse = response
    return answer


class Visitor:
    """A person who has uploaded a photo and searches for parts of it."""

    def __init__(self, client: Client, photo: bytes) -> None:
        self.client = client
        self.workspace = client.post("/photos/", {"image": io.BytesIO(photo)}).headers["Location"]
        html = checked(client.get(self.workspace)).content.decode()
        self.label_map = found(r'data-label-map="(\d+)"', html)
        self.width, self.height = (int(found(rf'data-{side}="(\d+)"', html)) for side in ("width", "height"))
        self.random = random.Random(1)

    def post(self, address: str, **fields: object) -> HttpResponse:
        return checked(self.client.post(address, fields, headers=HTMX))

    def select_another(self) -> None:
        x, y = self.random.uniform(1, self.width - 1), self.random.uniform(1, self.height - 1)
        self.post(f"{self.workspace}selection/", label_map=self.label_map, tool="clear")
        self.post(f"{self.workspace}selection/", label_map=self.label_map, level=LEVEL, points=f"{x:.1f},{y:.1f}")

    def search(self) -> HttpResponse:
        return self.post(f"{self.workspace}search/")


def timed_after(prepare: Callable[[], object], once: Callable[[], object], repeat: int, name: str) -> Row:
    """As `measure`, with something before each call that does not count."""
    times: list[float] = []
    for _ in range(repeat + 3):
        prepare()
        start = time.perf_counter()
        once()
        times.append(1000 * (time.perf_counter() - start))
    prepare()
    row = measure(name, once, 1)
    row["median_ms"] = round(statistics.median(times[3:]), 1)
    row["p95_ms"] = round(statistics.quantiles(times[3:], n=20)[-1], 1)
    return row


def first_search(client: Client, photo: bytes, repeat: int, name: str, *, ahead: bool) -> Row:
    """Search in photos that were uploaded a moment ago; `ahead`: after another process has looked at them."""
    from gallery.index.features import precompute_features
    from selector.models import LabelMap, Photo

    times = []
    for _ in range(repeat + 1):
        visitor = Visitor(client, photo)
        if ahead:
            precompute_features(LabelMap.objects.select_related("photo").get(pk=visitor.label_map))
        visitor.select_another()
        start = time.perf_counter()
        visitor.search()
        times.append(1000 * (time.perf_counter() - start))
        Photo.objects.filter(label_maps=int(visitor.label_map)).delete()
    # The first of all loads the model, which a web process does when it starts.
    return {"name": name, "median_ms": round(statistics.median(times[1:]), 1), "longest_ms": round(max(times[1:]), 1)}


def searches(client: Client, photo: bytes, repeat: int) -> list[Row]:
    rows = [
        first_search(client, photo, 10, "first search of a photo, before the worker has looked at it", ahead=False),
        first_search(client, photo, 10, "first search of a photo, after that", ahead=True),
    ]
    visitor = Visitor(client, photo)
    visitor.select_another()
    html = visitor.search().content.decode()
    address = found(r'action="(/searches/[0-9a-f-]+/)options/"', html)
    rows.append(timed_after(visitor.select_another, visitor.search, repeat, "search for another region"))
    rows.append(measure("the same search again", lambda: checked(visitor.client.get(address, headers=HTMX)), repeat))
    balances = itertools.cycle(range(10, 91, 7))
    rows.append(measure("slider", lambda: visitor.post(f"{address}options/", balance=next(balances)), repeat))
    judged = re.findall(r'name="like" value="([\d-]+)"', html)
    likes = itertools.cycle(judged)
    rows.append(measure("like", lambda: visitor.post(f"{address}feedback/", like=next(likes)), repeat))
    more = re.search(
        r'hx-get="([^"]+page=2[^"]*)"', checked(visitor.client.get(address, headers=HTMX)).content.decode()
    )
    if more:
        following = more[1].replace("&amp;", "&")
        rows.append(measure("next page", lambda: checked(visitor.client.get(following, headers=HTMX)), repeat))
    return rows


def stages(repeat: int) -> list[Row]:
    """Where the time of the latest search goes."""
    from django.template.loader import render_to_string

    from gallery.models import GalleryImage, Search
    from gallery.search.answers import hits_of
    from gallery.search.ask import ask, keep
    from gallery.search.candidates import Candidates
    from gallery.search.options import Options
    from gallery.search.query import build_query
    from gallery.search.ranked_images import fold_copies
    from gallery.search.ranking import rank_by_parts
    from selector.people import Person

    asked = Search.objects.select_related("label_map__photo").latest("last_asked")
    person = Person(visitor=asked.visitor)
    images = GalleryImage.objects.visible_to(person)
    parts = build_query(asked, Options()).vectors
    ranked = rank_by_parts(parts, Candidates(images))
    folded = fold_copies(ranked)
    answer = ask(asked, person)
    context = {"search": asked, "photo": asked.label_map.photo, "answer": answer, "in_place": True, "oob": True}
    return [
        measure("stage: from the selection to vectors", lambda: build_query(asked, Options()), repeat),
        measure("stage: nearest regions, scores, ranking", lambda: rank_by_parts(parts, Candidates(images)), repeat),
        measure("stage: folding copies", lambda: fold_copies(ranked), repeat),
        measure("stage: keeping the order", lambda: keep(asked, folded), repeat),
        measure("stage: one page of hits", lambda: hits_of(folded, 1, person), repeat),
        measure("stage: template", lambda: render_to_string("gallery/_drawer.html", context), repeat),
    ]


def decode(photo: bytes) -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(photo))
    image.draft("RGB", (1024, 1024))
    image.convert("RGB").load()


@contextmanager
def site() -> Iterator[Client]:
    """The site in this process, and a visitor's browser in front of it."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    import django
    from django.conf import settings
    from django.test import Client, override_settings

    django.setup()
    plain: dict[str, Any] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield Client(SERVER_NAME="localhost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeat", type=int, default=40)
    arguments = parser.parse_args()
    photo = arguments.photo.read_bytes()
    with site() as client:
        from gallery.models import IndexedRegion

        rows: list[Row] = [{"name": "indexed regions", "count": IndexedRegion.objects.count()}]
        rows += searches(client, photo, arguments.repeat)
        rows += stages(arguments.repeat)
        rows.append(measure("one JPEG decode, for comparison", lambda: decode(photo), arguments.repeat))
    report(rows, arguments.json)


if __name__ == "__main__":
    main()
