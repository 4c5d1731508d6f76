"""The notebook of the documentation, run against a live site that has real photos."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from PIL import Image
from pytest_django.live_server_helper import LiveServer
from skimage import data

from tests.pictures import image_file

FILE = settings.BASE_DIR / "docs" / "notebook.ipynb"
PHOTOS = ("coffee", "chelsea", "astronaut")


@pytest.fixture
def photos(live_server: LiveServer) -> None:
    from gallery.collection.importing import Details, add_public
    from gallery.index import indexing, spaces

    for name in PHOTOS:
        image = add_public(image_file(getattr(data, name)()), f"{name}.jpg", Details(title=name.title()))[0]
        indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])


@pytest.mark.usefixtures("photos")
def test_the_notebook_runs_and_shows_pictures(
    live_server: LiveServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They compile a grammar, which takes seconds: not in every process that only looks for tests.
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("SUPERPIXEL_SEARCH_URL", live_server.url)
    monkeypatch.setenv("SUPERPIXEL_SEARCH_TOKEN", token)
    notebook = nbformat.read(FILE, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "It is committed without outputs."
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert len([line for line in first.source.splitlines() if line]) == 6
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    table = outputs[0]["data"]
    assert "Astronaut" in table["text/html"]
    pictures = [pixels(output["data"]["image/png"]) for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 4
    # Pictures of something: none is of one colour.
    assert all(picture.std() > 10 for picture in pictures)


def pixels(png: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))
