"""A person's photos as the list shows them: each with what is selected on it and its place in the collection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from gallery.models import GalleryImage
from selector.access import visible_source
from selector.models import Photo, Selection
from selector.people import Person
from selector.services import namesakes


@dataclass(frozen=True)
class PhotoCard:
    """One photo in a list.

    Attributes
    ----------
    photo : Photo
    selection : Selection or None
        The latest of the person's with anything included.
    image : GalleryImage or None
        The photo in the person's collection.
    source : Photo or None
        What it is a detail of, where the person may see that.
    """

    photo: Photo
    selection: Selection | None
    image: GalleryImage | None
    source: Photo | None


def cards_of(person: Person, photos: Iterable[Photo]) -> list[PhotoCard]:
    """The cards of some photos, in their order, by a few queries however many they are."""
    listed = list(photos)
    namesakes.tell_apart(person, listed)
    prefetch_related_objects(listed, "cut_from")
    mine = Selection.objects.owned_by(person).filter(label_map__photo__in=listed)
    rows = mine.select_related("label_map").defer("label_map__hierarchy").order_by("updated")
    selections = {row.label_map.photo_id: row for row in rows if row.superpixels.included.any()}
    images = {image.photo_id: image for image in GalleryImage.objects.filter(photo__in=listed)}
    return [
        PhotoCard(photo, selections.get(photo.pk), images.get(photo.pk), visible_source(person, photo))
        for photo in listed
    ]
