"""Who may see and change what of the collection and of searches. Strangers get 404."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.forms import Form
from django.http import Http404
from django.shortcuts import get_object_or_404

from gallery.models import GalleryImage, IndexedRegion, Search
from selector.people import Person


def visible_image(person: Person, image_id: int) -> GalleryImage:
    """A gallery image this person may look at, with its photo."""
    visible = GalleryImage.objects.visible_to(person).select_related("photo")
    return get_object_or_404(visible, pk=image_id)


def own_image(person: Person, image_id: int) -> GalleryImage:
    """An image of this person's own collection; a public one is 404 for everyone."""
    mine = GalleryImage.objects.owned_by(person).select_related("photo")
    return get_object_or_404(mine, pk=image_id)


def visible_region(person: Person, region_id: int) -> IndexedRegion:
    """A region of an image this person may look at, with its image, photo and label map."""
    visible = GalleryImage.objects.visible_to(person)
    regions = IndexedRegion.objects.filter(image__in=visible).select_related("image__photo", "label_map")
    return get_object_or_404(regions, pk=region_id)


def named_regions(image: GalleryImage, form: Form) -> list[IndexedRegion]:
    """The regions of an image that a form names; 404 when one cannot be read, is gone or belongs to another image.

    Where it names a node as well, that of the region's tree stands in its place.
    """
    if not form.is_valid():
        raise Http404
    return named_by(image, form.cleaned_data["region"], form.cleaned_data.get("node"))


def named_by(image: GalleryImage, region_ids: Sequence[int], node: int | None) -> list[IndexedRegion]:
    """The regions of an image, or the node of the first one's tree in their place; 404 when one is not there.

    A node alone is one of the tree by which the image was indexed.
    """
    regions = list(image.regions.filter(pk__in=region_ids).select_related("label_map")) if region_ids else []
    if len(regions) != len(set(region_ids)):
        raise Http404
    if node is None:
        return regions
    indexed = regions or list(image.regions.select_related("label_map").order_by("pk")[:1])
    if not indexed:
        raise Http404
    return [with_node(indexed[0], node)]


def with_node(region: IndexedRegion, node: int) -> IndexedRegion:
    """A region, not to be saved, that is another node of the same tree; 404 where that has no such node."""
    if node > 2 * region.label_map.n_superpixels - 2:
        raise Http404
    region.node = node
    return region


def regions_of_one_image(person: Person, region_ids: Sequence[int]) -> list[IndexedRegion]:
    """These regions, in this order; 404 unless they are all of one image that this person may look at."""
    visible = GalleryImage.objects.visible_to(person)
    rows = {row.pk: row for row in IndexedRegion.objects.filter(pk__in=region_ids, image__in=visible)}
    if not rows or len({row.image_id for row in rows.values()}) > 1 or len(rows) != len(set(region_ids)):
        raise Http404
    return [rows[region_id] for region_id in region_ids]


def own_search_or_discarded(person: Person, search_id: uuid.UUID) -> Search:
    """A search this person made, perhaps one that they have deleted a moment ago."""
    return get_object_or_404(Search.objects.with_discarded(person), pk=search_id)


def own_search(person: Person, search_id: uuid.UUID) -> Search:
    """A search this person made, with its label map and photo."""
    mine = Search.objects.visible_to(person).select_related("label_map__photo")
    return get_object_or_404(mine, pk=search_id)
