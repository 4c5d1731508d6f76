"""The pictures of photos and selections: fetch with permission, render, let browsers keep them."""

from __future__ import annotations

import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from selector.access import own_selection, visible_label_map, visible_photo, visible_version
from selector.people import person_of
from selector.rendering import layers
from selector.services import label_maps, photos, selecting
from selector.services.thumbnails import selection_highlight
from selector.web.forms import PreviewForm
from selector.web.unreadable import unreadable_is_refused
from superpixel_site.refusals import first_error
from superpixel_site.responses import immutable
from superpixel_site.stored_files import read


@require_GET
@immutable
def working_copy(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponse:
    """The working copy of a photo."""
    photo = visible_version(person_of(request), photo_id, version)
    return HttpResponse(read(photo.working), content_type="image/jpeg")


@require_GET
@immutable
def thumbnail(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponse:
    """A small JPEG of a photo."""
    photo = visible_version(person_of(request), photo_id, version)
    return HttpResponse(photos.thumbnail(photo), content_type="image/jpeg")


@require_GET
@immutable
def selection_thumbnail(request: HttpRequest, selection_id: int, version: str) -> HttpResponse:
    """What is included, to lie over the photo's thumbnail."""
    selection = own_selection(person_of(request), selection_id)
    if selection.version != version:
        raise Http404
    return HttpResponse(selection_highlight(selection), content_type="image/png")


@require_GET
@immutable
def labels(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponse:
    """The superpixel of every pixel, little-endian uint16 row by row, as stored: compressed."""
    packed = label_maps.packed_labels(visible_label_map(person_of(request), photo_id, label_map_id))
    return HttpResponse(packed, content_type="application/octet-stream", headers={"Content-Encoding": "gzip"})


@require_GET
@immutable
def tree(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponse:
    """The merge tree's parent array, little-endian uint16."""
    segmentation = label_maps.load(visible_label_map(person_of(request), photo_id, label_map_id))
    return HttpResponse(segmentation.hierarchy.to_bytes(), content_type="application/octet-stream")


@require_GET
@immutable
def outline(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int, level: int) -> HttpResponse:
    """The borders between the regions of one level."""
    segmentation = label_maps.load(visible_label_map(person_of(request), photo_id, label_map_id))
    png = layers.outline_png(segmentation.labels, segmentation.hierarchy.cut(level))
    return HttpResponse(png, content_type="image/png")


@require_GET
def preview(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponseBase:
    """The selected portion on white, for pages without JavaScript and to be kept as a file."""
    person = person_of(request)
    photo = visible_photo(person, photo_id)
    form = PreviewForm(request.GET)
    if not form.is_valid():
        return HttpResponse(first_error(form), status=400, content_type="text/plain")
    label_map = label_maps.get_or_compute(photo)
    included = selecting.selection_of(person, label_map).superpixels.included
    given = form.cleaned_data
    labels = label_maps.load(label_map).labels
    options = {"background": given["background"] or "white", "crop": given["crop"]}
    if given["size"] == "original":
        with unreadable_is_refused(photo.get_absolute_url()):
            file = photos.portion_in_original_size(photo, labels, included, **options)
        response: HttpResponseBase = FileResponse(file)
    else:
        response = HttpResponse(photos.portion(photo, labels, included, **options))
    response["Content-Type"] = "image/png"
    response["Content-Disposition"] = content_disposition_header(given["download"], f"{photo.stem} selection.png")
    response["Cache-Control"] = "private, no-cache"
    return response
