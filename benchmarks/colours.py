"""How far the colours of working copies are from what Chromium shows of the same files.

    python -m benchmarks.colours [FOLDER ...] [--made] [--json FILE]

Each file is shown by a headless Chromium with an sRGB display in its own size, and photographed; the screenshot is
brought to the size of the working copy by the same filter. The figure is the mean difference of all samples, in levels
of 255, of which the JPEG of a working copy of a photo costs some 1.4. `--made` adds files of the benchmark's own, one
for each way in which a file can name its colours. Files that Chromium or this site cannot show are named and left out.
The exit code is 1 if any file is beyond its limit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from benchmarks.colour_files import colour_files
from selector.imaging.containers import read_container
from selector.imaging.imagefile import InvalidImage, decode, make_working_copy

LIMIT, HDR_LIMIT = 3.0, 8.0
MAX_BYTES, MAX_PIXELS = 2**27, 40_000_000
# Of a surface that Chromium can draw; beyond it a screenshot repeats or leaves out parts.
MAX_SHOWN_SIDE = 16_000
PQ, HLG = 16, 18
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
]
ADDRESS = "http://picture.invalid/"
PAGE = f'<body style="margin:0;background:white"><img src="{ADDRESS}file" style="display:block">'


@dataclass(frozen=True)
class Row:
    """What came of one file: the difference and its limit, or why there is none."""

    name: str
    difference: float | None = None
    limit: float = LIMIT
    skipped: str = ""

    def __str__(self) -> str:
        if self.difference is None:
            return f"{self.name:<48} left out: {self.skipped}"
        return f"{self.name:<48} {self.difference:6.2f}{'' if self.is_met else f'  more than {self.limit:g}'}"

    @property
    def is_met(self) -> bool:
        return self.difference is None or self.difference <= self.limit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="*")
    parser.add_argument("--made", action="store_true", help="also files made for the purpose")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    with chromium() as browser:
        for name, data in files(arguments.folder, arguments.made):
            rows.append(compared(browser, name, data))
            print(rows[-1], flush=True)
    measured = [row.difference for row in rows if row.difference is not None]
    missed = [row for row in rows if not row.is_met]
    print(f"{len(measured)} files compared, {len(rows) - len(measured)} left out, {len(missed)} beyond their limit")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    sys.exit(bool(missed) or not measured)


def files(folders: list[Path], made: bool) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file."""
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield str(path.relative_to(folder.parent)), path.read_bytes()
    if made:
        yield from colour_files()


def compared(browser: Browser, name: str, data: bytes) -> Row:
    """The row of a file."""
    try:
        container = read_container(data)
        copy = make_working_copy(data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    except InvalidImage as refusal:
        return Row(name, skipped=str(refusal))
    shown = screenshot(browser, data)
    if isinstance(shown, str):
        return Row(name, skipped=shown)
    size = copy.width, copy.height
    if abs(shown.width * copy.height / shown.height - copy.width) > 1:
        return Row(name, 255.0, skipped=f"shown {shown.width} x {shown.height}, not the shape of the working copy")
    theirs = shown.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)
    difference = np.abs(decode(copy.jpeg).astype(float) - np.asarray(theirs, float)).mean()
    is_hdr = container.cicp is not None and container.cicp[1] in (PQ, HLG)
    return Row(name, round(float(difference), 2), HDR_LIMIT if is_hdr else LIMIT)


def screenshot(browser: Browser, data: bytes) -> Image.Image | str:
    """What Chromium shows of a file in its own size; why not, if it does not."""

    def answer(route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            # Browsers go by the bytes of a picture.
            route.fulfill(body=data, content_type="image/x-any")

    with browser.new_page() as page:
        page.route("**/*", answer)
        page.goto(ADDRESS)
        return photographed(page)


def photographed(page: Page) -> Image.Image | str:
    """The picture on a page, without loss."""
    size = page.evaluate(
        "async () => { const i = document.images[0]; try { await i.decode() } catch { return [0, 0] }"
        " return [i.naturalWidth, i.naturalHeight] }"
    )
    if 0 in size:
        return "Chromium cannot show it"
    if max(size) > MAX_SHOWN_SIDE:
        return "too long for a screenshot"
    page.set_viewport_size({"width": size[0], "height": size[1]})
    try:
        png = page.screenshot(clip={"x": 0, "y": 0, "width": size[0], "height": size[1]}, timeout=120_000)
    except Error as error:
        return f"no screenshot: {str(error).splitlines()[0]}"
    return Image.open(io.BytesIO(png)).convert("RGB")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a display of sRGB: that of CHROMIUM, or one that is installed."""
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
