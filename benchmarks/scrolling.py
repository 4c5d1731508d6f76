"""Scrolling through a gallery of many images in a real browser: how even the frames are, and how soon a page is there.

    python -m benchmarks.scrolling [--images 30000] [--screens 120]

The rows are copies of the demo collection's, which share its few files, on a site of its own that is gone afterwards.
Printed are the milliseconds that the server takes for the first page, one in the middle and the last one; then, while
the wheel turns through so many windows, the time between two frames, the longest task, the sum of layout shifts, what
the page's process holds then, and the address at the end. Needs Chromium, in $CHROMIUM or on the path. A machine that
does other things makes it slower.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page

from docs.pictured_site import opened
from docs.screenshots_of_curating import manage

# Rows that repeat those of the demo until there are enough of them.
FILL = """
from django.db import connection
with connection.cursor() as cursor:
    for table, key, made in (
        ("selector_photo", "id", "md5(one.id::text || n)::uuid"),
        ("gallery_galleryimage", "id", "1000000 + one.id * 10000 + n"),
    ):
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s "
                       "AND is_generated = 'NEVER'", [table])
        columns = [name for name, in cursor]
        taken = {key: made, "photo_id": "md5(one.photo_id::text || n)::uuid"}
        chosen = ", ".join(taken.get(name, f'one."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        which = "is_public" if table == "selector_photo" else "true"
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {chosen} FROM (SELECT * FROM {table} WHERE {which}) one, "
                       f"generate_series(1, %s / (SELECT count(*) FROM {table} WHERE {which})) n", [COUNT])
    cursor.execute("INSERT INTO taggit_taggeditem (object_id, content_type_id, tag_id) SELECT i.id, t.content_type_id, "
                   "t.tag_id FROM gallery_galleryimage i JOIN taggit_taggeditem t ON t.object_id = (i.id - 1000000) / "
                   "10000 WHERE i.id > 1000000")
    cursor.execute("ANALYZE")
"""
WATCH = """
window.seen = { frames: [], tasks: [], shifts: 0 };
let last = 0;
const frame = (now) => { if (last) seen.frames.push(now - last); last = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) seen.tasks.push(duration); })
  .observe({ type: "longtask" });
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) seen.shifts += value;
}).observe({ type: "layout-shift" });
"""


def fill(folder: str, images: int) -> None:
    """Add so many rows to the site's database."""
    manage(folder, "shell", "-v", "0", "-c", FILL.replace("COUNT", str(images)))


def milliseconds(url: str) -> float:
    """How long the server takes, at the median."""

    def once() -> float:
        begun = time.perf_counter()
        with urllib.request.urlopen(url) as answer:
            answer.read()
        return 1000 * (time.perf_counter() - begun)

    return statistics.median(once() for _ in range(5))


def scroll(page: Page, screens: int) -> None:
    """Turn the wheel through so many windows, five turns each, and wait for what comes."""
    page.mouse.move(600, 400)
    for _ in range(screens * 5):
        page.mouse.wheel(0, 150)
        page.wait_for_timeout(30)


def megabytes(browser: Browser) -> float:
    """What the process of the page holds: the largest of those that draw."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [Path("/proc", str(one["id"]), "statm").read_text().split()[1] for one in told if one["type"] == "renderer"]
    return max(map(int, pages)) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--screens", type=int, default=120)
    options = parser.parse_args()
    with opened(None) as (site, folder, browser):
        gallery = f"{site}/gallery/"
        print(f"of the demo collection alone, {milliseconds(gallery):.0f} ms", flush=True)
        fill(folder, options.images)
        pages = options.images // 48
        for name, number in (("first", 1), ("middle", pages // 2), ("last", pages)):
            whole, below = (milliseconds(f"{gallery}?page={number}{more}") for more in ("", "&more=on"))
            print(f"{name} page, {whole:.0f} ms, below another one {below:.0f} ms", flush=True)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.add_init_script(WATCH)
        page.goto(gallery, wait_until="networkidle")
        scroll(page, options.screens)
        frames, tasks, shifts = page.evaluate("[seen.frames, seen.tasks, seen.shifts]")
        frames.sort()
        print(f"{len(frames)} frames: median {statistics.median(frames):.0f} ms, 95 of 100 in "
              f"{frames[int(0.95 * len(frames))]:.0f} ms, the longest {frames[-1]:.0f} ms")  # fmt: skip
        print(
            f"longest task {max(tasks, default=0):.0f} ms, layout shifts {shifts:.3f}, {megabytes(browser):.0f} MB held"
        )
        print(f"{page.locator('.shelf > [data-shape]').count()} images shown, at {page.url.partition('/gallery/')[2]}")


if __name__ == "__main__":
    main()
