"""What follows from events elsewhere: images that come and go, photos turned, visitors signing in."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from gallery import jobs
from gallery.index import hnsw
from gallery.index.features import spaces_without_features
from gallery.models import DescriptorSpace, GalleryImage, Search
from selector.models import LabelMap, Photo
from selector.signals import adopted, label_map_turned, photo_opened, working_copy_changed


@receiver(post_save, sender=GalleryImage)
def index_new_image(instance: GalleryImage, created: bool, raw: bool, **kwargs: Any) -> None:
    """The job becomes visible to the worker when the image's row does: both are in one transaction."""
    if created and not raw:
        jobs.defer([instance.pk])


@receiver(photo_opened)
def precompute_opened(label_map: LabelMap, **kwargs: Any) -> None:
    """While people select, the worker extracts the features that their search needs."""
    if spaces_without_features(label_map):
        jobs.defer_precomputing(label_map)


@receiver(label_map_turned)
def keep_searches(old: LabelMap, new: LabelMap, **kwargs: Any) -> None:
    """They ask for the same superpixels as before. What is indexed goes with the old one: its boxes fit no more."""
    Search.objects.filter(label_map=old).update(label_map=new)


@receiver(working_copy_changed)
def index_again(photo: Photo, **kwargs: Any) -> None:
    for image in GalleryImage.objects.filter(photo=photo):
        image.mark_pending()
        jobs.defer([image.pk])


@receiver(post_delete, sender=GalleryImage)
def delete_public_photo(instance: GalleryImage, **kwargs: Any) -> None:
    """A public photo exists for the collection alone; a private one stays its owner's photo."""
    Photo.objects.filter(pk=instance.photo_id, is_public=True).delete()


@receiver(post_delete, sender=DescriptorSpace)
def drop_index(instance: DescriptorSpace, **kwargs: Any) -> None:
    """After the rows are gone: searches wait for this from here to the end of the transaction."""
    hnsw.drop(instance)


@receiver(adopted)
def adopt_searches(visitor: uuid.UUID, user: Any, **kwargs: Any) -> None:
    Search.objects.filter(visitor=visitor).update(visitor=None, owner=user)
