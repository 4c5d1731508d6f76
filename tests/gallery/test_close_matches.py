"""The line between close and weaker matches in a small collection: the demo's, of real photographs."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from gallery.collection import demo
from gallery.collection.demo_photographs import Box
from gallery.collection.importing import add_public
from gallery.index import indexing, spaces
from gallery.models import Search
from gallery.search.ask import ask
from selector.people import Person
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps
from selector.services.photos import store_photo

VISITOR = Person(visitor=uuid.UUID(int=7))


@pytest.fixture(autouse=True)
def two_kinds() -> None:
    """Here with all kinds that the site has: none may make right answers weak."""


@pytest.fixture
def collection(db: None, settings: Any) -> None:
    """The demo collection, indexed, with few superpixels, as that is quicker."""
    settings.N_SUPERPIXELS = 300
    wanted, _ = spaces.ensure_spaces()
    for data, name, details in demo.images():
        image, _ = add_public(data, name, details)
        indexing.bring_up_to_date(image.pk, wanted)


def asked(data: bytes, box: Box) -> Search:
    """A search for a box of a picture that was uploaded: its sides are shares of the picture."""
    # Other bytes than those in the collection: nothing of it is left out as the very same file.
    photo = store_photo(data + b"\0", "upload", visitor=VISITOR.visitor)
    label_map = label_maps.get_or_compute(photo)
    labels = label_maps.load(label_map).labels
    height, width = labels.shape
    left, top, right, bottom = np.array(box) * (width, height, width, height)
    chosen = np.zeros(label_map.n_superpixels, bool)
    chosen[np.unique(labels[int(top) : int(bottom), int(left) : int(right)])] = True
    state = SuperpixelSelection(chosen, np.zeros_like(chosen)).pack()
    return Search.objects.find_or_create(VISITOR, label_map, state)


def close_matches(search: Search) -> list[str]:
    return [hit.image.title for hit in ask(search, VISITOR).hits if not hit.is_weak]


def test_what_is_there_is_above_the_line_and_everything_else_below(collection: None) -> None:
    folder = demo.installed_photographs()
    for photograph in demo.PHOTOGRAPHS:
        found = close_matches(asked((folder / photograph.file).read_bytes(), photograph.thing))
        assert len(found) >= 2, photograph.file
        assert [title for title in found if not demo.shows(title, photograph)] == []
    absent = ("coins.png", "grass.png", "moon.png", "camera.png", "text.png", "gravel.png")
    mistaken = [close_matches(asked((folder / file).read_bytes(), (0.2, 0.2, 0.8, 0.8))) for file in absent]
    assert sum(map(len, mistaken)) <= 1, mistaken
