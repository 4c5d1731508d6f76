"""The pages of the site side by side, as they look in six ways: the sheets of `docs/img/pages-*.webp`.

    python -m docs.sheets docs/img [--port N] [--before M | --keep-before]

A sheet is a page; a row is a site: the page in a wide window, in one of 1,024 pixels, on a phone, in the dark,
in colours that the system forces, and at 200%. With --before an older site that runs there is the first row, with
--keep-before that of the sheets that are in the folder. Without --port the site of this folder is served. Needs
Chromium, in $CHROMIUM or on the path.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from docs import screenshots
from docs.pictured_site import opened, still

WAYS: tuple[dict[str, Any], ...] = (
    {"viewport": {"width": 1440, "height": 900}},
    {"viewport": {"width": 1024, "height": 768}},
    {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    {"viewport": {"width": 1280, "height": 720}, "color_scheme": "dark"},
    {"viewport": {"width": 1280, "height": 720}, "forced_colors": "active"},
    {"viewport": {"width": 720, "height": 450}},
)
HEIGHT, GAP = 320, 8
QUALITY = 72


def start(page: Page) -> None:
    page.goto("/")


def library(page: Page) -> None:
    page.goto("/photos/")


def searches(page: Page) -> None:
    page.goto("/searches/")


# In the order in which they go on from each other.
PAGES = {
    "start": start,
    "workspace": screenshots.workspace,
    "drawer": screenshots.drawer,
    "popup": screenshots.popup,
    "gallery": screenshots.gallery,
    "library": library,
    "searches": searches,
    "sign-in": screenshots.sign_in,
}


def rows(browser: Browser, site: str) -> dict[str, list[Image.Image]]:
    """The pictures of each page, one a way."""
    taken: dict[str, list[Image.Image]] = {name: [] for name in PAGES}
    for way in WAYS:
        context = browser.new_context(base_url=site, reduced_motion="reduce", **way)
        page = context.new_page()
        for name, go in PAGES.items():
            go(page)
            still(page)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            scaled = picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)
            taken[name].append(scaled)
        context.close()
    return taken


def first_row(file: Path) -> list[Image.Image]:
    """The first row of a sheet, as one picture."""
    whole = Image.open(file).convert("RGB")
    return [whole.crop((0, 0, whole.width, HEIGHT))]


def sheet(of_sites: list[list[Image.Image]]) -> Image.Image:
    """A row for each site."""
    width = sum(picture.width + GAP for picture in of_sites[-1]) - GAP
    made = Image.new("RGB", (width, (HEIGHT + GAP) * len(of_sites) - GAP), "white")
    for row, pictures in enumerate(of_sites):
        left = 0
        for picture in pictures:
            made.paste(picture, (left, row * (HEIGHT + GAP)))
            left += picture.width + GAP
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int)
    older = parser.add_mutually_exclusive_group()
    older.add_argument("--before", type=int)
    older.add_argument("--keep-before", action="store_true")
    arguments = parser.parse_args()
    before = [f"http://127.0.0.1:{arguments.before}"] if arguments.before else []
    with opened(arguments.port) as (now, _, browser):
        sites = [rows(browser, site) for site in (*before, now)]
        for name in PAGES:
            file = arguments.folder / f"pages-{name}.webp"
            kept = [first_row(file)] if arguments.keep_before else []
            sheet([*kept, *(site[name] for site in sites)]).save(file, quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
