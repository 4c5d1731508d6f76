"""The collection: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

from functools import reduce
from operator import or_

import numpy as np
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from gallery.access import visible_image
from gallery.models import GalleryImage, IndexedRegion
from gallery.web.forms import DetailsForm, GalleryForm, HighlightForm
from selector.people import person_of
from selector.rendering import highlights
from selector.selection.tree import node_members
from selector.services import label_maps, photos
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx, wants_partial
from superpixel_site.responses import immutable

IMAGES_A_PAGE = 48
IMAGES_TO_TRY = 12


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The drop zone, and images to try with one click: those with the lowest keys, which are random."""
    images = GalleryImage.objects.public().indexed().select_related("photo").order_by("photo_id")
    context = {"images": images[:IMAGES_TO_TRY], "max_megabytes": settings.MAX_UPLOAD_BYTES // 2**20}
    return render(request, "gallery/start.html", context)


@require_GET
@vary_on_htmx
def gallery(request: HtmxHttpRequest) -> HttpResponse:
    """The public collection and the person's own."""
    form = GalleryForm(request.GET)
    person = person_of(request)
    mine = form.given("mine")
    images = GalleryImage.objects.owned_by(person) if mine else GalleryImage.objects.visible_to(person)
    images = images.select_related("photo")
    tag = form.given("tag")
    if tag:
        images = images.tagged(tag)
    page = Paginator(images, IMAGES_A_PAGE).get_page(form.number)
    kept = {name: value for name, value in (("mine", "on" if mine else ""), ("tag", tag)) if value}
    context = {"page": page, "tag": tag, "mine": mine, "query": urlencode(kept)}
    template = "gallery/_gallery_grid.html" if wants_partial(request) else "gallery/gallery.html"
    return render(request, template, context)


@require_GET
@vary_on_htmx
def details(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """All that is known about an image: what a dialog holds when htmx asks, a page otherwise."""
    image = visible_image(request, image_id)
    form = DetailsForm(request.GET)
    context = {
        "image": image,
        "regions": shown_regions(image, form.given("region") or []),
        "is_own": not image.photo.is_public and image.photo.is_owned_by(person_of(request)),
        "in_dialog": wants_partial(request),
        "in_drawer": wants_partial(request) and form.given("drawer"),
    }
    template = "gallery/_details.html" if wants_partial(request) else "gallery/details.html"
    return render(request, template, context)


def shown_regions(image: GalleryImage, wanted: list[int]) -> list[int]:
    """Those of the regions asked for that are this image's."""
    known = set(image.regions.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    return [region for region in wanted if region in known]


@require_GET
@immutable
def highlight(request: HttpRequest, region_id: int) -> HttpResponse:
    """Where a hit matched, to lie over its thumbnail. A region is never changed, only replaced by another.

    Where several parts matched, the other regions are named in the query: one picture shows all of them.
    """
    visible = GalleryImage.objects.visible_to(person_of(request))
    region = get_object_or_404(
        IndexedRegion.objects.filter(image__in=visible).select_related("image__photo", "label_map"), pk=region_id
    )
    form = HighlightForm(request.GET)
    also = form.given("also")
    matched = [region, *(region.image.regions.filter(pk__in=also) if also else ())]
    png = exact_highlight(matched) if form.given("full") else thumbnail_highlight(matched)
    return HttpResponse(png, content_type="image/png")


def thumbnail_highlight(matched: list[IndexedRegion]) -> bytes:
    """Regions of one image over its thumbnail, from their small masks: what a page of hits needs by the dozen."""
    bits = reduce(or_, (int.from_bytes(bytes(region.mask)) for region in matched))
    photo = matched[0].image.photo
    return highlights.highlight_png(bits.to_bytes(len(matched[0].mask)), *photos.thumbnail_size(photo))


def exact_highlight(matched: list[IndexedRegion]) -> bytes:
    """Regions of one image over its working copy, by the superpixels they consist of."""
    segmentation = label_maps.load(matched[0].label_map)
    parents = segmentation.hierarchy.parents
    members = np.logical_or.reduce([node_members(parents, region.node) for region in matched])
    photo = matched[0].image.photo
    return highlights.portion_highlight_png(segmentation.labels, members, photo.width, photo.height)
