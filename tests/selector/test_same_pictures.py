"""The same picture added twice: what was computed on the first is used for the second, where it is the very same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from selector.segmentation import slic
from selector.services import label_maps
from selector.services.photos import store_photo
from selector.services.turning import turn
from tests.pictures import image_file

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from selector.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def segmented(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each segmentation."""
    done: list[int] = []
    segment = slic.segment

    def counted(*args: Any, **more: Any) -> Any:
        done.append(1)
        return segment(*args, **more)

    monkeypatch.setattr(slic, "segment", counted)
    return done


def test_the_second_gets_a_label_map_of_its_own_that_is_the_same(photo: Photo, bob: User, segmented: list[int]) -> None:
    first = label_maps.get_or_compute(photo)
    second = label_maps.get_or_compute(store_photo(image_file(), "again.jpg", owner=bob))
    assert segmented == [1]
    assert second.pk != first.pk and second.photo.owner == bob
    assert label_maps.packed_labels(second) == label_maps.packed_labels(first)
    assert bytes(second.hierarchy) == bytes(first.hierarchy)
    photo.delete()
    assert label_maps.load(second).labels.shape == (160, 240)


def test_one_that_was_turned_is_no_model_for_others(photo: Photo, bob: User, segmented: list[int]) -> None:
    label_maps.get_or_compute(photo)
    for _ in range(4):
        turn(photo)
    photo.refresh_from_db()
    other = store_photo(image_file(), "again.jpg", owner=bob)
    turn(photo)
    label_maps.get_or_compute(other)
    assert segmented == [1, 1]


def test_one_whose_file_is_lost_is_none_either(photo: Photo, bob: User, segmented: list[int]) -> None:
    first = label_maps.get_or_compute(photo)
    first.labels.storage.delete(str(first.labels.name))
    photo.working.storage.delete(str(photo.working.name))
    second = label_maps.get_or_compute(store_photo(image_file(), "again.jpg", owner=bob))
    assert second.n_superpixels == first.n_superpixels
    assert segmented == [1, 1]
