"""Migrate the database that the environment names, then use the site on it: a program for the tests beside it.

It reads the notes about the database from a file, says "migrated", waits for a line, and writes what it found as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django
import numpy as np

HTMX = {"HX-Request": "true"}


def found_on_the_site(notes: dict[str, Any]) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.test import Client

    from selector.models import Selection

    alice = Client(SERVER_NAME="localhost")
    alice.force_login(User.objects.get(username="alice"))
    workspace, search = notes["workspace"], notes["search"]
    selection = Selection.objects.get(label_map__photo=workspace.split("/")[2], owner__username="alice")
    gesture = {"label_map": selection.label_map_id, "tab": "another tab"}

    def after(number: int, tool: str) -> list[list[int]]:
        response = alice.post(f"{workspace}selection/", gesture | {"tool": tool, "number": number}, headers=HTMX)
        assert response.status_code == 200, response
        selection.refresh_from_db()
        return chosen(selection.superpixels)

    def n_hits(response: Any) -> int:
        assert response.status_code == 200, response
        return int(response.content.decode().count('<article class="hit'))

    return {
        "selected": chosen(selection.superpixels),
        "redone": after(1, "redo"),
        "undone": after(2, "undo"),
        "hits of the old search": n_hits(alice.get(search, headers=HTMX)),
        "hits of a new one": n_hits(alice.post(f"{workspace}search/", {"words": "", "tag": "disc"}, headers=HTMX)),
        "others": {
            address: Client(SERVER_NAME="localhost").get(address).status_code
            for address in ("/gallery/", f"/shared/{notes['token']}/", workspace)
        },
    }


def chosen(superpixels: Any) -> list[list[int]]:
    """The numbers of the superpixels that are included, and of those that are excluded."""
    return [np.flatnonzero(superpixels.included).tolist(), np.flatnonzero(superpixels.excluded).tolist()]


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print("migrated", flush=True)
    sys.stdin.readline()
    print(json.dumps(found_on_the_site(json.loads(Path(sys.argv[1]).read_text()))))


if __name__ == "__main__":
    main()
