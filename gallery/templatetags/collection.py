"""What pages of photos show of the collection, without knowing it."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from gallery.models import GalleryImage
from selector.models import Photo

register = template.Library()


@register.simple_tag
def note_collected(photos: Iterable[Photo]) -> str:
    """Give each photo of a list its `collected`, its image in the collection or None, by one query."""
    listed = list(photos)
    images = {image.photo_id: image for image in GalleryImage.objects.filter(photo__in=listed)}
    for photo in listed:
        photo.collected = images.get(photo.pk)  # type: ignore[attr-defined]
    return ""
