"""Trying the site on the start page: what a click lifts out, and going on with it in the workspace."""

from __future__ import annotations

import base64
import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from gallery.models import GalleryImage
from gallery.search.ask import first_hits
from library import samples
from library.forms import PointForm
from library.samples import Thing
from selector.arrays import Members
from selector.models import LabelMap, Photo
from selector.rendering import highlights
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps, photos, selecting
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import kept, redirect_to
from superpixel_site.work_slots import work_slot

N_HITS = 3


@require_GET
def lift(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """What a click lifts out of a sample, as a selection that nobody stores, and the first images with the like."""
    thing, photo = sample(photo_id)
    with work_slot():
        label_map = label_maps.get_or_compute(photo)
        members = meant(request, thing, label_map)
        hits = first_hits(label_map, members, N_HITS)
    state = SuperpixelSelection.empty(len(members)).plus(members, "include").pack()
    public = GalleryImage.objects.public()
    context = {"hits": hits, "state": base64.b64encode(state).decode(), "n_waiting": public.pending().count()}
    return render(request, "library/_lifted.html", context)


@require_POST
def open_sample(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """The workspace of a sample, with its thing selected; what the person has selected there before stays."""
    thing, photo = sample(photo_id)
    label_map = label_maps.get_or_compute(photo)
    members = meant(request, thing, label_map)
    with known_person(request) as owner:
        if selecting.selection_of(owner, label_map).superpixels.is_empty or request.POST.get("points"):
            selecting.select_instead(owner, label_map, members)
    return redirect_to(request, photo.get_absolute_url())


@require_GET
def highlight(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponseBase:
    """What is selected on a sample, to lie over its thumbnail."""
    thing, photo = sample(photo_id)
    if photo.version != version:
        raise Http404

    def drawn() -> HttpResponse:
        with work_slot():
            label_map = label_maps.get_or_compute(photo)
            members = samples.members_of(thing, label_map)
            labels = label_maps.load(label_map).labels
            png = highlights.portion_highlight_png(labels, members, *photos.thumbnail_size(photo))
        return HttpResponse(png, content_type="image/png")

    return kept(request, drawn, is_public=True)


def sample(photo_id: uuid.UUID) -> tuple[Thing, Photo]:
    """A sample by its photo.

    Raises
    ------
    Http404
        When the photo is none.
    """
    found = samples.thing_on(photo_id)
    if found is None:
        raise Http404
    return found


def meant(request: HttpRequest, thing: Thing, label_map: LabelMap) -> Members:
    """The superpixels that a request means: around its point, or the thing where it has none.

    Raises
    ------
    Refusal
        When the point cannot be read or lies outside.
    """
    form = valid(PointForm(request.GET if request.method == "GET" else request.POST), 400, "/")
    if form.point is None:
        return samples.members_of(thing, label_map)
    try:
        return samples.members_at(thing, label_map, form.point)
    except ValueError:
        raise Refusal("That point lies outside the photo.", 422, "/") from None
