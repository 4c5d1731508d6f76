"""Keypoints of images as they are stored, and those of a selection."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from django.db.models import F
from django.db.models.functions import Substr

from gallery.descriptors.keypoints import NONE, Keypoints, keypoints_of
from gallery.descriptors.same_thing import Question
from gallery.models import GalleryImage, ImageKeypoints
from selector.arrays import Members
from selector.imaging.imagefile import InvalidImage
from selector.lru_cache import LRUCache
from selector.models import LabelMap
from selector.rendering.masks import region_mask
from selector.services import label_maps
from selector.services.photos import working_copy

VERSION = 16
# A like, a filter or the next page asks for the same selection again.
_questions: LRUCache[Question] = LRUCache(32)


def question_of(label_map: LabelMap, members: Members) -> Question:
    """What to look for: the keypoints of some superpixels of a photo, bool (n,). The last ones are kept."""

    def find() -> Question:
        return Question.of(working_copy(label_map.photo), region_mask(label_maps.load(label_map).labels, members))

    return _questions.get((label_map.pk, members.tobytes()), find)


def stored_keypoints(image_ids: Sequence[int]) -> dict[int, Keypoints]:
    """The keypoints of those images, of the given ones, that have them: by their keys."""
    rows = ImageKeypoints.objects.filter(
        image__in=image_ids, version=Substr(F("image__photo__working_sha256"), 1, VERSION)
    )
    return {image: Keypoints.unpack(bytes(data)) for image, data in rows.values_list("image", "data")}


def without_keypoints(image_ids: Iterable[int] | None = None) -> list[int]:
    """The keys of images that have none, of those given or of all that are indexed; the latest first."""
    images = GalleryImage.objects.indexed() if image_ids is None else GalleryImage.objects.filter(pk__in=image_ids)
    there = ImageKeypoints.objects.filter(version=Substr(F("image__photo__working_sha256"), 1, VERSION))
    return list(images.exclude(pk__in=there.values("image")).order_by("-pk").values_list("pk", flat=True))


def add_keypoints(image_ids: Iterable[int], seconds: float | None = None) -> None:
    """Find and store the keypoints of images that have none, in this order: one, and more for so many seconds.

    An image whose file is missing or damaged has none, so that it is not tried again and again.
    """
    end = None if seconds is None else time.monotonic() + seconds
    for image_id in image_ids:
        # Another process may have found them meanwhile.
        images = GalleryImage.objects.select_related("photo").filter(pk__in=without_keypoints([image_id]))
        if image := images.first():
            _add(image)
        if end is not None and time.monotonic() >= end:
            return


def _add(image: GalleryImage) -> None:
    try:
        found = keypoints_of(working_copy(image.photo))
    except (InvalidImage, OSError, ValueError):
        found = NONE
    # The image may be gone by now: then nothing is stored.
    for there in GalleryImage.objects.filter(pk=image.pk):
        ImageKeypoints.objects.update_or_create(
            image=there, defaults={"version": image.photo.version, "data": found.pack()}
        )
