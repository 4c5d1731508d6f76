"""Small collections: pictures of one thing on a plain ground, stored, and indexed by the real code."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.gallery.discs import AddImage, Colour, SearchOf, Select, thing_on_ground
from tests.pictures import GREEN, RED, image_file

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from gallery.models import GalleryImage, Search
    from selector.models import LabelMap, Photo
    from selector.people import Person
    from selector.selection.selection import Mode


@pytest.fixture(autouse=True)
def light(settings: Any, few_superpixels: None) -> None:
    """Without the model, as in a small installation; the tests of the model ask for one."""
    settings.MEANING_ENABLED = False


@pytest.fixture(autouse=True)
def two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kinds of spaces that these tests count on, whatever other kinds the site has."""
    from gallery.index import kinds

    monkeypatch.setattr(kinds, "KINDS", (kinds.APPEARANCE, kinds.MEANING))


@pytest.fixture
def add_image(db: None) -> AddImage:
    """Adds an image to the collection; a private one when it has an owner. It is not indexed yet."""
    from gallery.collection.importing import Details, add_public, collect
    from gallery.models import GalleryImage
    from selector.services.photos import store_photo

    def add(
        thing: Colour = RED,
        ground: Colour = GREEN,
        *,
        owner: User | None = None,
        seed: int = 0,
        **details: Any,
    ) -> GalleryImage:
        data = image_file(thing_on_ground(thing, ground, seed))
        if owner is None:
            return add_public(data, "thing.jpg", Details(**details))[0]
        photo = store_photo(data, "thing.jpg", owner=owner)
        collect([photo])
        image: GalleryImage = GalleryImage.objects.get(photo=photo)
        image.tags.add(*details.pop("tags", ()))
        GalleryImage.objects.filter(pk=image.pk).update(**details)
        image.refresh_from_db()
        return image

    return add


@pytest.fixture
def add_indexed(add_image: AddImage) -> AddImage:
    """Adds an image and indexes it."""
    from gallery.index import indexing, spaces

    def add(*args: Any, **kwargs: Any) -> GalleryImage:
        image = add_image(*args, **kwargs)
        indexing.bring_up_to_date(image.pk, spaces.ensure_spaces()[0])
        image.refresh_from_db()
        return image

    return add


@pytest.fixture
def select() -> Select:
    """Selects the disc of such a picture (or another box) for a person, as clicking would."""
    from selector.models import Selection
    from selector.selection.selection import SuperpixelSelection
    from selector.services import label_maps

    def select(photo: Photo, person: Person, *boxes: tuple[int, int, int, int], mode: Mode = "include") -> LabelMap:
        label_map = label_maps.get_or_compute(photo)
        labels = label_maps.load(label_map).labels
        chosen = np.zeros(label_map.n_superpixels, bool)
        for left, top, right, bottom in boxes or [(45, 50, 95, 100)]:
            chosen[np.unique(labels[top:bottom, left:right])] = True
        blank = SuperpixelSelection.empty(label_map.n_superpixels)
        row, _ = Selection.objects.get_or_create(
            label_map=label_map, **person.as_fields(), defaults={"state": blank.pack()}
        )
        row.state = row.superpixels.plus(chosen, mode).pack()
        row.save()
        return label_map

    return select


@pytest.fixture
def search_of(select: Select) -> SearchOf:
    """A person's search for the disc of a photo."""
    from gallery.models import Search
    from selector.models import Selection

    def search(photo: Photo, person: Person, *boxes: tuple[int, int, int, int]) -> Search:
        label_map = select(photo, person, *boxes)
        state = Selection.objects.owned_by(person).get(label_map=label_map).state
        return Search.objects.find_or_create(person, label_map, bytes(state))

    return search


@pytest.fixture
def visitor_client(client: Client, db: None) -> tuple[Client, Person]:
    """Somebody without an account, known to this browser."""
    from selector.people import SESSION_KEY, Person

    key = uuid.uuid4()
    session = client.session
    session[SESSION_KEY] = str(key)
    session.save()
    return client, Person(visitor=key)


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """What another process does."""
    from django.db import connection

    other = connection.copy()
    yield other
    other.close()
