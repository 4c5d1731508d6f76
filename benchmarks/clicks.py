"""What one gesture costs: the real web server on loopback, the embedded PostgreSQL, one client.

    python -m benchmarks.clicks PHOTO [--json FILE] [--repeat N]

Every gesture is one request, and its answer is all the browser needs to show the new pixels: it draws the tints itself
from the superpixels the answer names. A script without the label array is sent pictures instead, which is measured too.
The decode of the same photo by Pillow, in the same run, says how fast the machine is. The last rows are the script of
the page in a Chromium (`benchmarks.hover`), where Playwright and a browser are installed.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import hover
from benchmarks.served_site import Answer, Site, found, report, served, text_of

LEVEL = 400


def measure(name: str, once: Callable[[], Answer], repeat: int) -> dict[str, object]:
    """Median and 95th percentile of the time until the answer has arrived whole, after a few to warm up."""
    for _ in range(5):
        once()
    times, sizes = [], []
    for _ in range(repeat):
        start = time.perf_counter()
        answer = once()
        times.append(1000 * (time.perf_counter() - start))
        sizes.append(answer.size)
    return {
        "name": name,
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        "bytes": round(statistics.median(sizes)),
    }


def decode_ms(photo: bytes) -> float:
    """Milliseconds that Pillow takes to decode the photo's working copy: how fast this machine is."""
    from PIL import Image

    times = []
    for _ in range(20):
        start = time.perf_counter()
        Image.open(io.BytesIO(photo)).convert("RGB").load()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def gestures(site: Site, photo: bytes, repeat: int) -> list[dict[str, object]]:
    workspace = site.upload(photo)
    html = text_of(site.request("GET", workspace))
    label_map = found(r'data-label-map="(\d+)"', html)
    outline = found(r'data-outline-url="([^"]+)"', html)
    width, height = int(found(r'data-width="(\d+)"', html)), int(found(r'data-height="(\d+)"', html))
    working = site.request("GET", found(r'id="photo"[^>]* src="([^"]+)"', html)).body
    rng = random.Random(1)
    number = itertools.count(1)

    def point() -> str:
        return f"{rng.uniform(1, width - 1):.2f},{rng.uniform(1, height - 1):.2f}"

    def stroke() -> str:
        x, y = rng.uniform(100, width - 100), rng.uniform(100, height - 100)
        return " ".join(f"{x + 2 * i:.2f},{y + rng.uniform(-2, 2):.2f}" for i in range(40))

    def send(**fields: object) -> Answer:
        return site.gesture(workspace, label_map=label_map, level=LEVEL, tab="benchmark", number=next(number), **fields)

    def box() -> str:
        (x0, x1), (y0, y1) = (sorted(rng.uniform(0.05, 0.95) * side for _ in range(2)) for side in (width, height))
        return f"{x0:.2f},{y0:.2f} {max(x1, x0 + 60):.2f},{max(y1, y0 + 60):.2f}"

    def anticipate() -> Answer:
        query = urlencode({"label_map": label_map, "level": LEVEL, "tool": "object", "start": "box", "points": box()})
        return site.request("GET", f"{workspace}object/?{query}")

    levels = itertools.cycle(range(8, 2000, 13))
    rows = [
        measure("click", lambda: send(tool="toggle", points=point(), draws="on"), repeat),
        measure("stroke of 40 points", lambda: send(tool="paint", points=stroke(), draws="on"), repeat),
        measure("undo", lambda: send(tool="undo", draws="on"), repeat),
        measure("object in a box", lambda: send(tool="object", start="box", points=box(), draws="on"), repeat),
        measure("correction of an object", lambda: send(tool="correct", points=point(), draws="on"), repeat),
        measure("object in a box, anticipated", anticipate, repeat),
        measure("click, tints drawn by the server", lambda: send(tool="toggle", points=point()), repeat),
        measure("level change", lambda: site.request("GET", outline.replace("0.png", f"{next(levels)}.png")), repeat),
    ]
    rows.append({"name": "one JPEG decode, for comparison", "median_ms": round(decode_ms(working), 2)})
    return rows


def first_overlay(site: Site, photo: bytes, repeat: int = 10) -> dict[str, object]:
    """From sending a photo to having its first outline: the upload, the workspace and the outline, one by one."""

    def once() -> Answer:
        workspace = site.upload(photo)
        page = text_of(site.request("GET", workspace))
        return site.request("GET", found(r'id="outline"[^>]* src="([^"]+)"', page))

    return measure("upload to first outline", once, repeat)


def scripting(port: int, photo: bytes, repeat: int) -> list[dict[str, object]]:
    """What the page's own script takes (`benchmarks.hover`), where there is a browser to ask."""
    try:
        return [row | {"name": f"script: {row['name']}"} for row in hover.rows(port, photo, repeat)]
    except (ImportError, SystemExit) as problem:
        print(f"The page's script is not measured: {problem}.")
        return []


def count_queries(data_dir: str, photo: bytes) -> dict[str, int]:
    """Database queries of each gesture, the transaction's BEGIN and COMMIT included; on the database just measured."""
    os.environ |= {"DATA_DIR": data_dir, "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    import django
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    django.setup()
    client = Client(SERVER_NAME="localhost")
    workspace = client.post("/photos/", {"image": io.BytesIO(photo)}).headers["Location"]
    html = client.get(workspace).content.decode()
    label_map, outline = found(r'data-label-map="(\d+)"', html), found(r'data-outline-url="([^"]+)"', html)
    client.post(f"{workspace}selection/", {"label_map": label_map, "points": "99,99"})  # makes the selection's row
    counts = {}
    for name, fields in {
        "click": {"tool": "toggle", "points": "9,9", "draws": "on"},
        "stroke of 40 points": {"tool": "paint", "points": "9,9 80,9"},
        "undo": {"tool": "undo"},
    }.items():
        data = {"label_map": label_map, "level": LEVEL, **fields}
        with CaptureQueriesContext(connection) as queries:
            client.post(f"{workspace}selection/", data, headers={"HX-Request": "true"})
        counts[name] = len(queries)
    with CaptureQueriesContext(connection) as queries:
        client.get(outline.replace("0.png", "50.png"))
    return counts | {"level change": len(queries)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeat", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clicks") as folder:
        Path(folder).chmod(0o755)
        with served(folder) as port:
            photo = arguments.photo.read_bytes()
            rows = gestures(Site(port), photo, arguments.repeat)
            rows.append(first_overlay(Site(port), photo))
            rows += scripting(port, photo, arguments.repeat)
            counts = count_queries(folder, photo)
            rows = [row | {"queries": counts[str(row["name"])]} if row["name"] in counts else row for row in rows]
    report(rows, arguments.json)


if __name__ == "__main__":
    main()
