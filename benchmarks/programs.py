"""What the interface for programs costs: beside the same work in one process, and beside the site's own click.

    python -m benchmarks.programs PHOTO [--json FILE] [--repeat N]

The photo is reduced to a megapixel. `POST /api/v1/segment`, to labels as a 16-bit PNG, goes by turns with decoding,
segmenting and encoding in this process; clicks by the interface, with a token, by turns with those of a browser. The
request goes through three processes, each of which waits for its turn on a busy machine: there the processor time
counts, which is that of all of them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.served_site import Site, found, report, served, text_of

PIXELS = 1_000_000
SEGMENTS, LEVEL = 1000, 400
MS = 1000


def one_megapixel(photo: bytes) -> bytes:
    """A JPEG of the photo with so many pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(photo)) as image:
        scale = (PIXELS / (image.width * image.height)) ** 0.5
        small = image.convert("RGB").resize((round(image.width * scale), round(image.height * scale)))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=90)
    return out.getvalue()


def by_turns(works: dict[str, Callable[[], object]], repeat: int) -> list[dict[str, object]]:
    """The median of each work, in milliseconds, and as a ratio of the first, one after the other again and again."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeat):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(MS * (time.perf_counter() - start))
    medians = {name: statistics.median(each) for name, each in times.items()}
    least = {name: min(each) for name, each in times.items()}
    first = next(iter(works))
    return [
        {
            "name": name,
            "median_ms": round(medians[name], 1),
            "least_ms": round(least[name], 1),
            "ratio": round(medians[name] / medians[first], 2),
            "ratio_of_least": round(least[name] / least[first], 2),
        }
        for name in works
    ]


def segmenting(site: Site, jpeg: bytes, repeat: int) -> list[dict[str, object]]:
    from PIL import Image

    from api.label_formats import as_png
    from selector.imaging import imagefile
    from selector.segmentation import slic

    def here() -> bytes:
        return as_png(slic.segment(imagefile.decode(jpeg), SEGMENTS))

    boundary = "a-megapixel"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="{{}}"{{}}\r\n\r\n'
    body = part.format("n_segments", "").encode() + f"{SEGMENTS}\r\n".encode()
    body += part.format("image", '; filename="a.jpg"').encode() + jpeg + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "image/png"}

    def there() -> bytes:
        answer = site.request("POST", "/api/v1/segment", body, **headers)
        assert answer.status == 200, answer.body
        return answer.body

    assert Image.open(io.BytesIO(there())).tobytes() == Image.open(io.BytesIO(here())).tobytes()
    names = "decode, segment and encode in one process", "POST /api/v1/segment"
    works: dict[str, Callable[[], object]] = {names[0]: here, names[1]: there}
    return with_processor_time(by_turns(works, repeat), works, repeat)


def with_processor_time(
    rows: list[dict[str, object]], works: dict[str, Callable[[], object]], repeat: int
) -> list[dict[str, object]]:
    """Rows of works, to each of which its processor time is added, and as a ratio of the first."""
    costs = [MS * spent(work, repeat) / repeat for work in works.values()]
    for row, cost in zip(rows, costs, strict=True):
        row |= {"processor_ms": round(cost, 1), "ratio_of_processor": round(cost / costs[0], 2)}
    return rows


def spent(work: Callable[[], object], repeat: int) -> float:
    """Processor seconds that doing it so often takes here, and in the processes of the site."""
    before = processor_seconds()
    for _ in range(repeat):
        work()
    return processor_seconds() - before


def processor_seconds() -> float:
    """Of this process and of all that have come from it, those that have ended included."""
    import psutil

    me = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in (me, *me.children(recursive=True)))


def clicking(site: Site, jpeg: bytes, token: str, repeat: int) -> list[dict[str, object]]:
    workspace = site.upload(jpeg)
    html = text_of(site.request("GET", workspace))
    label_map = found(r'data-label-map="(\d+)"', html)
    width, height = int(found(r'data-width="(\d+)"', html)), int(found(r'data-height="(\d+)"', html))
    program = Site(site.connection.port)
    boundary = "a-photo"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + jpeg + f"\r\n--{boundary}--\r\n".encode()
    who = {"Authorization": f"Bearer {token}"}
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    photo = json.loads(text_of(program.request("POST", "/api/v1/photos", body, **who, **kind)))["id"]
    gestures = f"/api/v1/photos/{photo}/selection/gestures"
    rng = random.Random(1)
    number = iter(range(1, 10**6))

    def point() -> tuple[float, float]:
        return rng.uniform(1, width - 1), rng.uniform(1, height - 1)

    def click() -> object:
        x, y = point()
        fields = {"label_map": label_map, "level": LEVEL, "points": f"{x},{y}", "draws": "on"}
        return site.gesture(workspace, tool="toggle", tab="benchmark", number=next(number), **fields)

    def told(query: str) -> Callable[[], object]:
        def send() -> object:
            made = json.dumps({"tool": "toggle", "level": LEVEL, "points": [point()]}).encode()
            answer = program.request("POST", gestures + query, made, **who, **{"Content-Type": "application/json"})
            assert answer.status == 200, answer.body
            return answer

        return send

    works: dict[str, Callable[[], object]] = {
        "a click of the site": click,
        "a click by the interface": told(""),
        "the same, told without masks": told("?masks=false"),
    }
    return with_processor_time(by_turns(works, repeat), works, 5 * repeat)


def a_token(data_dir: str) -> str:
    """A token of a new account, in the database that is served."""
    os.environ |= {"DATA_DIR": data_dir, "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    import django

    django.setup()
    from django.contrib.auth.models import User

    from accounts.models import ApiToken

    return ApiToken.objects.make(User.objects.create_user("program"), "benchmark", ["read", "write"], 1)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeat", type=int, default=30)
    arguments = parser.parse_args()
    os.environ["API_REQUESTS_A_MINUTE"] = "0"
    jpeg = one_megapixel(arguments.photo.read_bytes())
    with tempfile.TemporaryDirectory(prefix="programs") as folder:
        Path(folder).chmod(0o755)
        with served(folder) as port:
            token = a_token(folder)
            rows = segmenting(Site(port), jpeg, arguments.repeat)
            rows += clicking(Site(port), jpeg, token, arguments.repeat)
    report(rows, arguments.json)


if __name__ == "__main__":
    main()
