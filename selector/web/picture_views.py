"""The pictures of photos and selections: fetch with permission, render, let browsers keep them."""

from __future__ import annotations

import uuid
from functools import partial

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from selector.access import full_size_for, own_selection, visible_label_map, visible_photo, visible_version
from selector.people import person_of
from selector.rendering import layers
from selector.services import label_maps, photos, selecting
from selector.services.thumbnails import selection_highlight
from selector.web.forms import PreviewForm
from selector.web.unreadable import unreadable_is_refused
from superpixel_site.refusals import Refusal, first_error
from superpixel_site.responses import NOT_KEPT, kept, only_to_save
from superpixel_site.stored_files import read, require

JPEG, PNG, WEBP, BYTES = "image/jpeg", "image/png", "image/webp", "application/octet-stream"
FULL_SIZE_IS_KEPT = "The full size of this picture is for those who look after the collection."


@require_GET
def working_copy(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponseBase:
    """The working copy of a photo."""
    photo = visible_version(person_of(request), photo_id, version)
    return kept(request, lambda: HttpResponse(read(photo.working), content_type=JPEG), is_public=photo.is_public)


@require_GET
def small_copy(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponseBase:
    """What a narrow screen shows until the working copy has come."""
    photo = visible_version(person_of(request), photo_id, version)
    return kept(request, lambda: HttpResponse(photos.small_copy(photo), content_type=WEBP), is_public=photo.is_public)


@require_GET
def thumbnail(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponseBase:
    """A photo, small; with `?smaller`, for a row on a phone."""
    photo = visible_version(person_of(request), photo_id, version)
    side = photos.SMALLER_THUMBNAIL_SIDE if "smaller" in request.GET else photos.THUMBNAIL_SIDE
    small = partial(photos.thumbnail, photo, side, kind="WEBP")
    return kept(request, lambda: HttpResponse(small(), content_type=WEBP), is_public=photo.is_public)


@require_GET
def selection_thumbnail(request: HttpRequest, selection_id: int, version: str) -> HttpResponseBase:
    """What is included, to lie over the photo's thumbnail."""
    selection = own_selection(person_of(request), selection_id)
    if selection.version != version:
        raise Http404
    return kept(request, lambda: HttpResponse(selection_highlight(selection), content_type=PNG), is_public=False)


@require_GET
def labels(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponseBase:
    """The superpixel of every pixel, little-endian uint16 row by row, as stored: compressed."""
    label_map = visible_label_map(person_of(request), photo_id, label_map_id)

    def packed() -> HttpResponse:
        data = label_maps.packed_labels(label_map)
        return HttpResponse(data, content_type=BYTES, headers={"Content-Encoding": "gzip"})

    return kept(request, packed, is_public=label_map.photo.is_public)


@require_GET
def tree(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponseBase:
    """The merge tree's parent array, little-endian uint16."""
    label_map = visible_label_map(person_of(request), photo_id, label_map_id)

    def parents() -> HttpResponse:
        return HttpResponse(label_maps.load(label_map).hierarchy.to_bytes(), content_type=BYTES)

    return kept(request, parents, is_public=label_map.photo.is_public)


@require_GET
def colours(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponseBase:
    """The mean colour of each superpixel, sixteenths of CIELAB as little-endian int16."""
    label_map = visible_label_map(person_of(request), photo_id, label_map_id)

    def means() -> HttpResponse:
        return HttpResponse(label_maps.packed_colours(label_map), content_type=BYTES)

    return kept(request, means, is_public=label_map.photo.is_public)


@require_GET
def outline(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int, level: int) -> HttpResponseBase:
    """The borders between the regions of one level."""
    label_map = visible_label_map(person_of(request), photo_id, label_map_id)

    def borders() -> HttpResponse:
        segmentation = label_maps.load(label_map)
        png = layers.outline_png(segmentation.labels, segmentation.hierarchy.cut(level))
        return HttpResponse(png, content_type=PNG)

    return kept(request, borders, is_public=label_map.photo.is_public)


@require_GET
def original(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponseBase:
    """The file that a photo came as; for the public all of its pixels, which tell no place and no camera."""
    person = person_of(request)
    photo = visible_photo(person, photo_id)
    full_size = full_size_for(person, photo)
    if not full_size:
        raise Refusal(FULL_SIZE_IS_KEPT, 403, photo.get_absolute_url())
    require(photo.original)
    if full_size == "original":
        # Django guesses a type by the name: this one was told by the bytes.
        file = FileResponse(photo.original.open(), content_type=photo.original_type)
        return only_to_save(saved_as(photo.download_name, file))
    with unreadable_is_refused(photo.get_absolute_url()):
        pixels = FileResponse(photos.pixels_of_original(photo), content_type=PNG)
    return only_to_save(saved_as(f"{photo.stem}.png", pixels))


def saved_as(name: str, response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


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
    if given["background"] == "matte":
        response: HttpResponseBase = HttpResponse(photos.matte(photo, labels, included))
    elif given["size"] == "original":
        if not full_size_for(person, photo):
            raise Refusal(FULL_SIZE_IS_KEPT, 403, photo.get_absolute_url())
        with unreadable_is_refused(photo.get_absolute_url()):
            file = photos.portion_in_original_size(photo, labels, included, **options)
        response = FileResponse(file)
    else:
        response = HttpResponse(photos.portion(photo, labels, included, **options))
    response["Content-Type"] = PNG
    response["Content-Disposition"] = content_disposition_header(given["download"], f"{photo.stem} selection.png")
    response["Cache-Control"] = NOT_KEPT
    return response
