"""The list of tools: what the toolbar shows and the server takes follows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client

from selector.models import Photo, Selection
from selector.selection import tools
from selector.services import label_maps
from tests.toy_tool import DISC

pytestmark = pytest.mark.django_db


@pytest.fixture
def a_disc(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more tool, as one more entry of the list."""
    monkeypatch.setattr(tools, "TOOLS", (*tools.TOOLS, DISC))


def post(client: Client, photo: Photo, **fields: Any) -> Any:
    data = {"label_map": label_maps.get_or_compute(photo).pk, "points": "120,80", "level": 4, **fields}
    return client.post(f"/photos/{photo.pk}/selection/", data, headers={"HX-Request": "true"})


def test_every_tool_has_a_name_and_a_key_of_its_own() -> None:
    assert len({tool.name for tool in tools.TOOLS}) == len({tool.key for tool in tools.TOOLS}) == len(tools.TOOLS)
    assert not tools.actions().keys() & set(tools.COMMANDS)
    # Those of static/js/workspace/shortcuts.js that do something else.
    assert not {tool.key for tool in tools.TOOLS} & set("xi0+=-[].,")


@pytest.mark.usefixtures("a_disc")
def test_a_tool_of_the_list_is_in_the_toolbar(alice_client: Client, photo: Photo) -> None:
    page = " ".join(alice_client.get(f"/photos/{photo.pk}/").content.decode().split())
    assert (
        '<label title="Disc: everything near the point (D)"><input type="radio" name="pointer" value="disc" '
        'data-shape="point" data-gesture="disc" data-key="d">' in page
    )


@pytest.mark.usefixtures("a_disc")
def test_a_tool_of_the_list_is_applied(alice_client: Client, photo: Photo) -> None:
    response = post(alice_client, photo, tool="disc")
    assert response.status_code == 200
    assert "Region added" in response.content.decode()
    selection = Selection.objects.get()
    labels = label_maps.load(selection.label_map).labels
    y, x = np.mgrid[:160, :240]
    near = np.unique(labels[np.hypot(x - 120, y - 80) <= 30])
    assert np.flatnonzero(selection.superpixels.included).tolist() == near.tolist()


def test_what_is_not_in_the_list_is_refused(alice_client: Client, photo: Photo) -> None:
    assert post(alice_client, photo, tool="disc").status_code == 400


@pytest.mark.usefixtures("a_disc")
def test_a_tool_of_the_list_needs_a_point(alice_client: Client, photo: Photo) -> None:
    response = post(alice_client, photo, tool="disc", points="")
    assert response.status_code == 400
    assert "Click on the photo" in response.content.decode()
