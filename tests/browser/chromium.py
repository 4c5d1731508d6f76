"""Finds a Chromium for the browser tests, or gets one, and prints its path. Run by `make test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    path = os.environ.get("CHROMIUM") or installed() or from_debian() or from_playwright()
    if not path:
        sys.exit("The browser tests need Chromium: install one, or set CHROMIUM to its path.")
    print(path)


def installed() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def from_debian() -> str | None:
    """Debian's package, when this is root on a Debian."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    run("apt-get", "update", "--quiet=2")
    run("apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core")
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
