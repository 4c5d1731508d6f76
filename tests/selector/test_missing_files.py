"""Photos whose files the storage has lost: a page that says so, and what can be made again is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from selector.models import LabelMap, Photo, Selection
from selector.people import Person
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.selecting import select_instead
from selector.services.turning import turn
from superpixel_site.stored_files import MissingFile
from tests.pictures import eighths, image_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SENTENCE = "The file of this photo is missing"


@pytest.fixture
def label_map(photo: Photo, alice: Any) -> LabelMap:
    """Of alice's photo, with something selected."""
    found = label_maps.get_or_compute(photo)
    select_instead(Person(user=alice), found, np.arange(found.n_superpixels) < 5)
    return found


def lose(file: Any) -> None:
    file.storage.delete(file.name)


def forget_decoded() -> None:
    """As another process, which has decoded nothing."""
    label_maps._decoded.clear()
    label_maps._packed.clear()


def test_a_workspace_without_its_picture_says_so(alice_client: Client, label_map: LabelMap) -> None:
    lose(label_map.photo.working)
    response = alice_client.get(label_map.photo.get_absolute_url())
    assert response.status_code == 410 and SENTENCE in response.content.decode()


def test_so_do_pictures_and_files_to_keep(alice_client: Client, label_map: LabelMap) -> None:
    photo = label_map.photo
    lose(photo.working)
    lose(photo.original)
    sizes = [f"/photos/{photo.pk}/preview.png?size={size}&download=on" for size in ("working", "original")]
    for address in (photo.working_url, photo.small_url, photo.thumbnail_url, *sizes):
        response = alice_client.get(address)
        assert response.status_code == 410 and "no-store" in response.headers["Cache-Control"], address
    response = alice_client.post(f"/photos/{photo.pk}/rotate/", headers=HTMX)
    assert response.status_code == 410 and SENTENCE in response.content.decode()


def test_the_list_is_still_there(alice_client: Client, label_map: LabelMap) -> None:
    lose(label_map.photo.working)
    assert "quarters.jpg" in alice_client.get("/photos/").content.decode()


def test_a_lost_label_map_is_computed_again(alice_client: Client, label_map: LabelMap) -> None:
    path = Path(label_map.labels.path)
    before = path.read_bytes()
    lose(label_map.labels)
    assert alice_client.get(labels_of(label_map)).status_code == 200
    assert path.read_bytes() == before
    label_map.refresh_from_db()
    assert label_map.labels_bytes == len(before)


def labels_of(label_map: LabelMap) -> str:
    return f"/photos/{label_map.photo_id}/label-maps/{label_map.pk}/labels"


def test_so_is_one_that_is_decoded_for_a_gesture(alice_client: Client, label_map: LabelMap) -> None:
    before = Path(label_map.labels.path).read_bytes()
    lose(label_map.labels)
    forget_decoded()
    click = {"label_map": label_map.pk, "points": "60,40"}
    assert alice_client.post(f"/photos/{label_map.photo_id}/selection/", click).status_code == 302
    assert Path(label_map.labels.path).read_bytes() == before


def test_so_is_one_that_was_turned(alice: Any, few_superpixels: None) -> None:
    photo = store_photo(image_file(eighths(150, 100)), "a.jpg", owner=alice)
    label_maps.get_or_compute(photo)
    turn(photo)
    turned = LabelMap.objects.get()
    before = Path(turned.labels.path).read_bytes()
    lose(turned.labels)
    assert label_maps.packed_labels(turned) == Path(turned.labels.path).read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"engine": "slic 0"}, {"parameters": '{"n_superpixels": 30}'}], ids=["engine", "parameters"]
)
def test_another_one_never_takes_its_place(alice_client: Client, label_map: LabelMap, change: dict[str, str]) -> None:
    LabelMap.objects.update(**change)
    label_map.refresh_from_db()
    lose(label_map.labels)
    with pytest.raises(MissingFile):
        label_maps.packed_labels(label_map)
    assert not Path(label_map.labels.path).exists()
    forget_decoded()
    click = {"label_map": label_map.pk, "points": "60,40"}
    assert alice_client.post(f"/photos/{label_map.photo_id}/selection/", click, headers=HTMX).status_code == 410
    assert Selection.objects.get().superpixels.included[:5].all(), "nothing is lost"


def test_without_the_working_copy_it_stays_lost(alice_client: Client, label_map: LabelMap) -> None:
    lose(label_map.labels)
    lose(label_map.photo.working)
    assert alice_client.get(labels_of(label_map)).status_code == 410
