"""The collection and searches in it: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from gallery.forms import DetailsForm, GalleryForm, PageForm
from gallery.models import GalleryImage, IndexedRegion, Search
from gallery.search import ask
from selector import gestures, label_maps, photos, rendering
from selector.people import known_person, person_of
from selector.views import immutable, say, visible_photo
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx, wants_partial

SELECT_FIRST = "Select what you are looking for first, then search."
IMAGES_A_PAGE = 48
IMAGES_TO_TRY = 12
# Of a search's own picture in the drawer, in pixels.
SELECTION_SIDE = 240


def own_search(request: HttpRequest, search_id: uuid.UUID) -> Search:
    """A search this person made. Strangers get 404."""
    mine = Search.objects.owned_by(person_of(request)).select_related("label_map__photo")
    search: Search = get_object_or_404(mine, pk=search_id)
    return search


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
    images = GalleryImage.objects.collected_by(person) if mine else GalleryImage.objects.visible_to(person)
    images = images.select_related("photo")
    tag = form.given("tag")
    if tag:
        images = images.filter(tags__name__iexact=tag)
    page = Paginator(images, IMAGES_A_PAGE).get_page(form.number)
    kept = {name: value for name, value in (("mine", "on" if mine else ""), ("tag", tag)) if value}
    context = {"page": page, "tag": tag, "mine": mine, "query": urlencode(kept)}
    template = "gallery/_gallery_grid.html" if wants_partial(request) else "gallery/gallery.html"
    return render(request, template, context)


@require_GET
@vary_on_htmx
def details(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """All that is known about an image: what a dialog holds when htmx asks, a page otherwise."""
    visible = GalleryImage.objects.visible_to(person_of(request)).select_related("photo")
    image = get_object_or_404(visible.prefetch_related("tags"), pk=image_id)
    region = DetailsForm(request.GET).given("region")
    context = {
        "image": image,
        "region": region if region and image.regions.filter(pk=region).exists() else None,
        "is_own": not image.photo.is_public and image.photo.is_owned_by(person_of(request)),
        "in_dialog": wants_partial(request),
    }
    template = "gallery/_details.html" if wants_partial(request) else "gallery/details.html"
    return render(request, template, context)


@require_POST
@vary_on_htmx
def new_search(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Search for what the person has selected on a photo, now: the search keeps the selection as it is."""
    photo = visible_photo(request, photo_id)
    label_map = label_maps.label_map_of(photo)
    label_map.photo = photo
    selection = gestures.selection_of(person_of(request), label_map)
    if not selection.regions.included.any():
        return say(request, SELECT_FIRST, 422, photo.get_absolute_url())
    search = Search.objects.asked(known_person(request), label_map, bytes(selection.state))
    return answer(request, search) if wants_partial(request) else redirect(search)


@require_GET
@vary_on_htmx
def search(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """A search's answer, today: its address can be kept by whoever made it."""
    return answer(request, own_search(request, search_id))


def answer(request: HtmxHttpRequest, search: Search) -> HttpResponse:
    """The drawer, a page with the drawer in it, or the hits that follow the ones in the drawer."""
    page = PageForm(request.GET).number
    in_place = wants_partial(request)
    context = {
        "search": search,
        "photo": search.label_map.photo,
        "answer": ask(search, person_of(request), page),
        "in_place": in_place,
    }
    if in_place and page > 1:
        return render(request, "gallery/_hits.html", context)
    return render(request, "gallery/_drawer.html" if in_place else "gallery/search.html", context)


@require_GET
@immutable
def selection(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """What was searched for, as a small picture on a transparent background."""
    search = own_search(request, search_id)
    png = rendering.preview_png(
        photos.working_copy(search.label_map.photo),
        label_maps.load(search.label_map).labels,
        search.regions.included,
        background="transparent",
        crop=True,
        padding=0.05,
        long_side=SELECTION_SIDE,
    )
    return HttpResponse(png, content_type="image/png")


@require_GET
@immutable
def highlight(request: HttpRequest, region_id: int) -> HttpResponse:
    """Where a hit matched, to lie over its thumbnail. A region is never changed, only replaced by another."""
    visible = GalleryImage.objects.visible_to(person_of(request))
    region = get_object_or_404(
        IndexedRegion.objects.filter(image__in=visible).select_related("image__photo"), pk=region_id
    )
    width, height = photos.thumbnail_size(region.image.photo)
    return HttpResponse(rendering.highlight_png(bytes(region.mask), width, height), content_type="image/png")
