"""What the collection does when rows are deleted, and when `selector` sends one of its signals.

How an image comes in is no signal: see `gallery.collection.importing`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from gallery import jobs
from gallery.index import checks, hnsw  # noqa: F401  checks register themselves
from gallery.index.features import seen_in, spaces_without_features
from gallery.models import DescriptorSpace, GalleryImage, Search
from selector.models import LabelMap, Photo
from selector.services import seen_features
from selector.signals import adopted, forgotten, label_map_turned, photo_opened, working_copy_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What a model has seen in a photo helps to tell an object from what is around it.
seen_features.add_source(seen_in)


@receiver(photo_opened)
def precompute_features(label_map: LabelMap, **kwargs: Any) -> None:
    """Let the worker compute the features of a photo while the person selects, so that searching need not wait."""
    if spaces_without_features(label_map):
        jobs.defer_features(label_map)


@receiver(label_map_turned)
def keep_searches(old: LabelMap, new: LabelMap, **kwargs: Any) -> None:
    """Move searches to the turned label map, where their superpixels have the same numbers.

    Indexed regions are not moved: their boxes are wrong after the turn. They are deleted with the old label map.
    """
    Search.objects.filter(label_map=old).update(label_map=new)


@receiver(working_copy_changed)
def index_again(photo: Photo, **kwargs: Any) -> None:
    """Queue the image of a turned photo: its regions went with the old label map."""
    for image in GalleryImage.objects.filter(photo=photo):
        image.mark_pending()
        jobs.defer_indexing([image.pk])


@receiver(post_delete, sender=GalleryImage)
def delete_public_photo(instance: GalleryImage, **kwargs: Any) -> None:
    """Delete the photo of a public or withdrawn image, which exists for the collection alone; a private photo stays.

    A signal and not `delete()`: the admin's action, cascades and other deletions of many rows do not call that.
    """
    photos = Photo.objects.filter(pk=instance.photo_id)
    if instance.withdrawn is None:
        photos.filter(is_public=True).delete()
    else:
        photos.filter(owner=None, visitor=None).delete()


@receiver(post_delete, sender=DescriptorSpace)
def drop_index(instance: DescriptorSpace, **kwargs: Any) -> None:
    """Drop the vector index of a deleted space.

    After the rows are gone, because it locks the table of vectors: searches wait from here to the end of the
    transaction.
    """
    hnsw.drop(instance)


@receiver(adopted)
def adopt_searches(visitor: uuid.UUID, user: User, **kwargs: Any) -> None:
    """Hand a visitor's searches to the account they signed in to."""
    Search.objects.filter(visitor=visitor).update(visitor=None, owner=user)


@receiver(forgotten)
def forget_searches(visitor: uuid.UUID, **kwargs: Any) -> None:
    """Delete the searches of a visitor who does not come back: those on their own photos have gone with these."""
    Search.objects.filter(visitor=visitor).delete()
