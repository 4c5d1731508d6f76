"""The site that pictures, counts and figures of this folder are of: one with the demo collection, before a Chromium.

Needs Chromium, in $CHROMIUM or on the path.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.served_site import served, wait_for
from docs.screenshots_of_curating import manage
from tests.browser import chromium

BELOW = "i.getBoundingClientRect().top > innerHeight"


@contextmanager
def opened(port: int | None) -> Iterator[tuple[str, str, Browser]]:
    """A site's address, its data folder, and a browser, until the block ends.

    Parameters
    ----------
    port : int or None
        Of a site that runs already, whose folder is not known and told as empty; by default one is served.
    """
    path = os.environ.get("CHROMIUM") or chromium.installed()
    with running(port) if port else with_demo() as (found, folder), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield f"http://127.0.0.1:{found}", folder, browser
        finally:
            browser.close()


@contextmanager
def with_demo() -> Iterator[tuple[int, str]]:
    """The site over a fresh data folder with the demo collection, until the block ends; its port and the folder."""
    with tempfile.TemporaryDirectory(prefix="screenshots") as folder:
        Path(folder).chmod(0o755)  # the embedded PostgreSQL may run as another user
        # As the images are indexed: else each answer would say that they wait for a model.
        with served(folder, MEANING_ENABLED="false") as port:
            for command in ("load_demo", "index_gallery"):
                manage(folder, command)
            yield port, folder


@contextmanager
def running(port: int) -> Iterator[tuple[int, str]]:
    """A site that runs already: its port, and no folder."""
    wait_for(port)
    yield port, ""


def still(page: Page) -> None:
    """Wait until every picture in the window is there; those of what is folded are not asked for."""
    page.wait_for_load_state("networkidle")
    until(page, f"[...document.images].every((i) => i.complete || !i.checkVisibility() || {BELOW})")


def until(page: Page, expression: str) -> None:
    """Wait for a JavaScript expression to be true; Playwright's own way is against the site's security policy."""
    deadline = time.monotonic() + 30
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(expression)
        page.wait_for_timeout(50)
