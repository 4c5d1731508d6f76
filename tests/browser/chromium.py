"""Finds a Chromium for the browser tests, or gets one, and prints its path. Run by `make test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Without windows, menus and what else people need: it opens a page for a test in a fifth of the processor's time.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = (*SHELLS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A machine without a network is told so soon.
IMPATIENT = ("Acquire::Retries=2", "Acquire::http::Timeout=15", "Acquire::https::Timeout=15")


def main() -> None:
    path = os.environ.get("CHROMIUM") or first_of(SHELLS) or from_debian() or installed() or from_playwright()
    if not path:
        sys.exit("The browser tests need Chromium: install one, or set CHROMIUM to its path.")
    print(path)


def installed() -> str | None:
    return first_of(NAMES)


def first_of(names: Sequence[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def from_debian() -> str | None:
    """Debian's package, when this is root on a Debian: the one for tests, even where there is one for people."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    options = [word for option in IMPATIENT for word in ("--option", option)]
    install = ("apt-get", *options, "install", "--quiet=2", "--yes", "--no-install-recommends", "fonts-dejavu-core")
    run("apt-get", *options, "update", "--quiet=2")
    run(*install, SHELLS[0])
    if not installed():
        run(*install, "chromium")
    return installed()


def from_playwright() -> str | None:
    """Playwright's own download."""
    run(sys.executable, "-m", "playwright", "install", "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def run(*command: str) -> None:
    """Run a command whose failure is no end: the next way is tried. Its output goes where messages go."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=False, stdout=sys.stderr, env=environment)


if __name__ == "__main__":
    main()
