"""How long the page's own script takes until a feedback is drawn, in Chromium (User Timing, in milliseconds).

    python -m benchmarks.hover PHOTO [--json FILE] [--repeat N]

The site is served as for `benchmarks.clicks`. The pointer goes to places drawn by lot at four levels of granularity, a
brush is drawn over the photo, and single regions are clicked: what is measured is the script from the event to the
canvas, which has to fit a frame of 16 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.served_site import Site, report, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

LEVELS = (30, 100, 400, 2000)
WATCH = """
window.measures = [];
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) window.measures.push([name, duration]);
}).observe({ entryTypes: ["measure"] });
"""
COLLECT = "() => new Promise((resolve) => setTimeout(() => resolve(window.measures.splice(0)), 50))"
SETTLED = "() => !document.querySelector('.layers.anticipating')"


def measured(page: Page, name: str) -> list[float]:
    """The durations noted under a name since the last call."""
    return [duration for noted, duration in page.evaluate(COLLECT) if noted == name]


def row(name: str, times: list[float]) -> dict[str, object]:
    return {
        "name": name,
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        "max_ms": round(max(times), 2),
    }


class Pointer:
    """A mouse over the stage that goes to places drawn by lot."""

    def __init__(self, page: Page) -> None:
        self.page, self.rng = page, random.Random(1)
        box = page.locator("#photo").bounding_box()
        assert box is not None
        self.left, self.top, self.width, self.height = box["x"], box["y"], box["width"], box["height"]

    def move(self) -> None:
        x, y = self.rng.uniform(0.02, 0.98), self.rng.uniform(0.02, 0.98)
        self.page.mouse.move(self.left + x * self.width, self.top + y * self.height)


def hovers(page: Page, pointer: Pointer, level: int, repeat: int) -> list[dict[str, object]]:
    measured(page, "")
    page.locator("input[name=level]").fill(str(level))
    for _ in range(repeat):
        pointer.move()
    return [row(f"hover, {level} regions", measured(page, "hover"))]


def level_changes(page: Page, repeat: int) -> list[dict[str, object]]:
    """Without the outline, which the browser has fetched ahead."""
    page.locator("input[name=level]").fill("8")
    measured(page, "")
    for i in range(repeat):
        page.keyboard.press("]" if i // 20 % 2 == 0 else "[")
    return [row("level change", measured(page, "level"))]


def brush_moves(page: Page, pointer: Pointer, level: int, repeat: int) -> list[dict[str, object]]:
    """Long moves, each over many regions: more than any hand does within a frame."""
    page.locator("input[name=level]").fill(str(level))
    page.keyboard.press("b")
    pointer.move()
    measured(page, "")
    page.mouse.down()
    for _ in range(repeat):
        pointer.move()
    page.mouse.up()
    found = row(f"brush move, {level} regions", measured(page, "brush"))
    settle(page)
    page.keyboard.press("c")
    return [found]


def clicks(page: Page, pointer: Pointer, level: int, repeat: int) -> list[dict[str, object]]:
    page.locator("input[name=level]").fill(str(level))
    measured(page, "")
    for _ in range(repeat):
        pointer.move()
        page.mouse.down()
        page.mouse.up()
        settle(page)
    noted = page.evaluate(COLLECT)
    names = {"anticipation": f"anticipated click, {level} regions", "tints": "tints of an answer"}
    return [row(name, [time for key, time in noted if key == measure]) for measure, name in names.items()]


def settle(page: Page) -> None:
    while not page.evaluate(SETTLED):
        page.wait_for_timeout(20)


def rows(port: int, photo: bytes, repeat: int) -> list[dict[str, object]]:
    from playwright.sync_api import sync_playwright

    site = Site(port)
    workspace = site.upload(photo)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("there is no Chromium here")
    base = f"http://127.0.0.1:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=base, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": value, "url": base} for name, value in site.cookies.items()])
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(workspace)
        page.wait_for_selector("#workspace[data-ready]", state="attached")
        pointer = Pointer(page)
        found = [one for level in LEVELS for one in hovers(page, pointer, level, repeat)]
        found += brush_moves(page, pointer, 400, repeat // 2)
        found += level_changes(page, repeat // 2)
        found += clicks(page, pointer, 400, repeat // 4)
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeat", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hover") as folder:
        Path(folder).chmod(0o755)
        with served(folder) as port:
            found = rows(port, arguments.photo.read_bytes(), arguments.repeat)
    report(found, arguments.json)


if __name__ == "__main__":
    main()
