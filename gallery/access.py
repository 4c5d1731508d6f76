"""Who may see and change what of the collection and of searches; strangers get 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from gallery.models import GalleryImage, Search
from selector.people import person_of


def own_image(request: HttpRequest, image_id: int) -> GalleryImage:
    """An image of this person's own collection. Strangers get 404, and so does everyone for a public one."""
    mine = GalleryImage.objects.owned_by(person_of(request)).select_related("photo")
    image: GalleryImage = get_object_or_404(mine, pk=image_id)
    return image


def own_search(request: HttpRequest, search_id: uuid.UUID) -> Search:
    """A search this person made. Strangers get 404."""
    mine = Search.objects.seen_by(person_of(request)).select_related("label_map__photo")
    search: Search = get_object_or_404(mine, pk=search_id)
    return search


def visible_image(request: HttpRequest, image_id: int) -> GalleryImage:
    """A gallery image this person may look at. Strangers get 404."""
    visible = GalleryImage.objects.visible_to(person_of(request)).select_related("photo")
    image: GalleryImage = get_object_or_404(visible, pk=image_id)
    return image
