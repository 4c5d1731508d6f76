"""The people of `benchmarks.load`, as Locust plays them.

Each has a browser of their own (cookies, a kept connection), opens a photo of the collection, and then acts every one
to three seconds: of a hundred actions eighty are clicks, ten searches, five uploads and five pages. Only
`benchmarks.load` runs this file; it names the folder of the photos to upload in `LOAD_PHOTOS`.
"""

from __future__ import annotations

import os
import random
import re
import sys
import uuid
from itertools import count
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, events, task

PHOTOS = sorted(path for path in Path(os.environ["LOAD_PHOTOS"]).iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
# Everybody acts after one to three of these, in seconds.
PAUSE = float(os.environ.get("LOAD_PAUSE", "1"))
LEVEL = 100
# Kinds of requests after which all go home, once each has been sent.
UNTIL = set(filter(None, os.environ.get("LOAD_UNTIL", "").split(",")))
SEEN: set[str] = set()
PAGES = {"start page": "/", "gallery": "/gallery/", "my photos": "/photos/", "searches": "/searches/"}


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust does not say their types
def watch_requests(environment: Any, **_: Any) -> None:
    """End the run when every kind of request that was asked for has been answered; say why one failed."""

    def note(name: str, exception: Exception | None = None, **_: Any) -> None:
        SEEN.add(name)
        if exception:
            print(f"{name}: {exception}", file=sys.stderr, flush=True)
        if UNTIL and UNTIL <= SEEN:
            environment.runner.quit()

    environment.events.request.add_listener(note)


class Person(FastHttpUser):
    """Somebody who selects parts of photos and searches for them."""

    wait_time = between(PAUSE, 3 * PAUSE)

    def on_start(self) -> None:
        """Open a photo of the collection, one of those on the start page."""
        self.rng = random.Random(uuid.uuid4().int)
        self.gestures = count(1)
        self.tab = uuid.uuid4().hex
        page = self.got("/", "start page")
        self.open(self.rng.choice(sorted(set(re.findall(r'href="(/photos/[0-9a-f-]{36}/)"', page)))))

    def got(self, path: str, name: str) -> str:
        """The text of a page; what is not 200 is a failure of the run."""
        return str(self.client.get(path, name=name).text or "")

    def post(self, path: str, name: str, **options: Any) -> Any:
        """What a form of the page sends."""
        cookies = {cookie.name: cookie.value for cookie in self.client.cookiejar}
        headers = {
            "X-CSRFToken": next((value for name, value in cookies.items() if "_csrf_" in name), ""),
            **options.pop("headers", {}),
        }
        return self.client.post(path, name=name, headers=headers, **options)

    def open(self, workspace: str) -> None:
        """Open a photo as a browser does: the page, then the pictures and arrays that it names."""
        self.workspace = workspace
        page = self.got(workspace, "workspace")
        label_map = re.search(r'data-label-map="(\d+)"', page)
        size = re.search(r'data-width="(\d+)" data-height="(\d+)"', page)
        assert label_map and size, page[:500]
        self.label_map, self.width, self.height = label_map[1], int(size[1]), int(size[2])
        for pattern in (r'id="photo"[^>]* src="([^"]+)"', r'id="outline"[^>]* src="([^"]+)"'):
            if found := re.search(pattern, page):
                self.client.get(found[1], name="pictures of a workspace")
        self.click()

    @task(80)
    def click(self) -> None:
        """Select, or take back, the region under a random place."""
        fields = {
            "label_map": self.label_map,
            "level": LEVEL,
            "tab": self.tab,
            "number": next(self.gestures),
            "tool": "toggle",
            "points": f"{self.rng.uniform(1, self.width - 1):.1f},{self.rng.uniform(1, self.height - 1):.1f}",
            "draws": "on",
        }
        self.post(f"{self.workspace}selection/", "click", data=fields, headers={"HX-Request": "true"})

    @task(10)
    def search(self) -> None:
        """Search for what is selected; of a selection that clicks have emptied, nothing is asked."""
        with self.post(
            f"{self.workspace}search/", "search", data={}, headers={"HX-Request": "true"}, catch_response=True
        ) as answer:
            if answer.status_code == 422:
                answer.success()

    @task(5)
    def upload(self) -> None:
        """Add a photo and go on with it."""
        file = self.rng.choice(PHOTOS)
        answer = self.post(
            "/photos/",
            "upload",
            files={"image": (file.name, file.read_bytes(), "image/jpeg")},
            allow_redirects=False,
        )
        if answer.status_code == 302:
            self.open(answer.headers["Location"])

    @task(5)
    def page(self) -> None:
        """Look at another page."""
        name = self.rng.choice(sorted(PAGES))
        self.got(PAGES[name], name)
