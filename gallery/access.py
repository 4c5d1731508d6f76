"""Who may see and change what of the collection and of searches. Strangers get 404."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.http import Http404
from django.shortcuts import get_object_or_404

from gallery.models import GalleryImage, IndexedRegion, Search
from selector.people import Person


def visible_image(person: Person, image_id: int) -> GalleryImage:
    """A gallery image this person may look at, with its photo."""
    visible = GalleryImage.objects.visible_to(person).select_related("photo")
    image: GalleryImage = get_object_or_404(visible, pk=image_id)
    return image


def own_image(person: Person, image_id: int) -> GalleryImage:
    """An image of this person's own collection; a public one is 404 for everyone."""
    mine = GalleryImage.objects.owned_by(person).select_related("photo")
    image: GalleryImage = get_object_or_404(mine, pk=image_id)
    return image


def visible_region(person: Person, region_id: int) -> IndexedRegion:
    """A region of an image this person may look at, with its image, photo and label map."""
    visible = GalleryImage.objects.visible_to(person)
    regions = IndexedRegion.objects.filter(image__in=visible).select_related("image__photo", "label_map")
    return get_object_or_404(regions, pk=region_id)


def regions_of_one_image(person: Person, region_ids: Sequence[int]) -> list[IndexedRegion]:
    """These regions, in this order; 404 unless they are all of one image that this person may look at."""
    visible = GalleryImage.objects.visible_to(person)
    rows = {row.pk: row for row in IndexedRegion.objects.filter(pk__in=region_ids, image__in=visible)}
    if not rows or len({row.image_id for row in rows.values()}) > 1 or len(rows) != len(set(region_ids)):
        raise Http404
    return [rows[region_id] for region_id in region_ids]


def own_search(person: Person, search_id: uuid.UUID) -> Search:
    """A search this person made, with its label map and photo."""
    mine = Search.objects.seen_by(person).select_related("label_map__photo")
    search: Search = get_object_or_404(mine, pk=search_id)
    return search
