"""The workspace and the pictures in it: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from selector import gestures, label_maps, photos, rendering
from selector.forms import OPENING_LEVEL, GestureForm, LevelForm, PreviewForm, SelectionNowForm, first_error
from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import known_person, person_of
from selector.regions import Selection as Regions
from selector.signals import photo_opened
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx

INCLUDE_BLUE, EXCLUDE_ORANGE = (30, 110, 245), (240, 120, 0)
COARSEST_LEVEL = 8
# How much larger than its working copy a photo is shown on the largest of windows.
LARGEST_SCALE = 4
# Without JavaScript a click comes in displayed pixels, so the stage has this width, whatever the window's.
SHOWN_WIDTH = 640
CHANGED_ELSEWHERE = "This photo has changed in another window. Reload the page to go on."
# Every derived picture's address names its content, so a browser need never ask for it again.
immutable = cache_control(private=True, max_age=365 * 24 * 3600, immutable=True)


def visible_photo(request: HttpRequest, photo_id: uuid.UUID) -> Photo:
    """A photo this person may look at and select on: public, or their own. Strangers get 404."""
    photo: Photo = get_object_or_404(Photo.objects.visible_to(person_of(request)), pk=photo_id)
    return photo


def own_photo(request: HttpRequest, photo_id: uuid.UUID) -> Photo:
    """A photo this person may change: their own, outside the public collection. Strangers get 404."""
    photo: Photo = get_object_or_404(Photo.objects.private_to(person_of(request)), pk=photo_id)
    return photo


def visible_label_map(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> LabelMap:
    """A label map together with its photo, by one query; the merge tree's bytes stay in the database."""
    found = LabelMap.objects.filter(photo__in=Photo.objects.visible_to(person_of(request)), photo=photo_id)
    return get_object_or_404(found.select_related("photo").defer("hierarchy"), pk=label_map_id)


def own_selection(request: HttpRequest, selection_id: int) -> Selection:
    """What this person selected on some photo. Strangers get 404."""
    mine = Selection.objects.owned_by(person_of(request)).select_related("label_map__photo")
    selection: Selection = get_object_or_404(mine.defer("label_map__hierarchy"), pk=selection_id)
    return selection


def say(request: HtmxHttpRequest, sentence: str, status: int, next_url: str) -> HttpResponse:
    """Tell the person something went wrong: in place for htmx, else on a page they can go on from."""
    if request.htmx:
        return render(request, "_status.html", {"message": sentence, "level": "error"}, status=status)
    context = {"message": sentence, "next_url": next_url}
    return render(request, "problem.html", context, status=status)


def go(request: HtmxHttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, with or without htmx."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


@require_GET
def workspace(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = visible_photo(request, photo_id)
    label_map = label_maps.label_map_of(photo)
    photo_opened.send(workspace, label_map=label_map)
    selection = gestures.selection_of(person_of(request), label_map)
    level = min(LevelForm(request.GET).value, label_map.n_superpixels)
    shown_width = min(photo.width, SHOWN_WIDTH)
    context = {
        "photo": photo,
        "label_map": label_map,
        "level": level,
        "coarsest": min(COARSEST_LEVEL, label_map.n_superpixels),
        "sizer_width": photo.width * LARGEST_SCALE,
        "sizer_height": photo.height * LARGEST_SCALE,
        "shown_width": shown_width,
        "shown_height": round(photo.height * shown_width / photo.width),
        "is_own": photo.is_owned_by(person_of(request)),
        **selection_context(selection, level),
    }
    return render(request, "selector/workspace.html", context)


def selection_context(
    selection: Selection, level: int, sentence: str = "", *, with_tints: bool = True
) -> dict[str, Any]:
    """What the partials that show a selection need."""
    segmentation = label_maps.load(selection.label_map)
    state = selection.regions
    context = {
        "selection": selection,
        "level": level,
        "photo": selection.label_map.photo,
        "label_map": selection.label_map,
        # The browser draws the next gesture on top of this before the server has answered.
        "state": base64.b64encode(selection.state).decode(),
        "has_included": bool(state.included.any()),
        "summary": gestures.describe(state, segmentation),
        "message": sentence,
    }
    return context | tints(segmentation.labels, state) if with_tints else context


def tints(labels: rendering.Labels, state: Regions) -> dict[str, str]:
    """The layers over what is included and excluded, as addresses that hold the pictures themselves."""
    return {
        "tint": data_url(rendering.tint_png(labels, state.included, INCLUDE_BLUE)),
        "tint_excluded": data_url(rendering.tint_png(labels, state.excluded, EXCLUDE_ORANGE, striped=True)),
    }


def data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


@require_POST
@vary_on_htmx
def gesture(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """One click, stroke, lasso, undo ...: applied to the stored selection, answered with the new layers."""
    workspace_url = reverse("selector:workspace", args=[photo_id])
    form = GestureForm(request.POST)
    if not form.is_valid():
        visible_photo(request, photo_id)
        return say(request, first_error(form), 400, workspace_url)
    label_map = shown_label_map(request, photo_id, form)
    if label_map is None:
        return say(request, CHANGED_ELSEWHERE, 409, workspace_url)
    person = known_person(request)
    try:
        selection, sentence = gestures.perform(person, label_map, label_maps.load(label_map), form)
    except ValueError:
        return say(request, "That point lies outside the photo.", 422, workspace_url)
    level = form.cleaned_data["level"]
    if request.htmx:
        context = selection_context(selection, level, sentence, with_tints=not form.cleaned_data["draws"])
        return render(request, "selector/_selection.html", context)
    return redirect(f"{workspace_url}?{urlencode({'level': level})}")


def shown_label_map(request: HttpRequest, photo_id: uuid.UUID, form: Form) -> LabelMap | None:
    """The label map that a page was made with; None when the photo has got another one since."""
    try:
        return visible_label_map(request, photo_id, form.cleaned_data["label_map"])
    except Http404:
        visible_photo(request, photo_id)
        return None


@require_GET
@vary_on_htmx
@never_cache
def selection_now(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """What a tab that comes to the front asks: nothing (204) unless another tab has changed the selection."""
    workspace_url = reverse("selector:workspace", args=[photo_id])
    form = SelectionNowForm(request.GET)
    if not form.is_valid():
        visible_photo(request, photo_id)
        return say(request, first_error(form), 400, workspace_url)
    label_map = shown_label_map(request, photo_id, form)
    if label_map is None:
        return say(request, CHANGED_ELSEWHERE, 409, workspace_url)
    selection = gestures.selection_of(person_of(request), label_map)
    if selection.revision == form.cleaned_data["version"]:
        return HttpResponse(status=204)
    sentence = f"Changed in another window. {gestures.describe(selection.regions, label_maps.load(label_map))}"
    context = selection_context(selection, OPENING_LEVEL, sentence, with_tints=not form.cleaned_data["draws"])
    return render(request, "selector/_selection.html", context)


@require_GET
@immutable
def working_copy(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponse:
    photo = photo_at(request, photo_id, version)
    with photo.working.open("rb") as file:
        return HttpResponse(file.read(), content_type="image/jpeg")


@require_GET
@immutable
def thumbnail(request: HttpRequest, photo_id: uuid.UUID, version: str) -> HttpResponse:
    return HttpResponse(photos.thumbnail(photo_at(request, photo_id, version)), content_type="image/jpeg")


@require_GET
@immutable
def selection_thumbnail(request: HttpRequest, selection_id: int, version: str) -> HttpResponse:
    """What is included, to lie over the photo's thumbnail."""
    selection = own_selection(request, selection_id)
    if selection.version != version:
        raise Http404
    return HttpResponse(highlight_of(selection, photos.THUMBNAIL_SIDE), content_type="image/png")


def highlight_of(row: Selection | SharedSelection, side: int) -> bytes:
    """The included superpixels over a thumbnail of at most `side` pixels, as a PNG."""
    width, height = photos.thumbnail_size(row.label_map.photo, side)
    labels = label_maps.load(row.label_map).labels
    return rendering.portion_highlight_png(labels, row.regions.included, width, height)


def photo_at(request: HttpRequest, photo_id: uuid.UUID, version: str) -> Photo:
    """A visible photo whose working copy is still the one the address names."""
    photo = visible_photo(request, photo_id)
    if photo.version != version:
        raise Http404
    return photo


@require_GET
@immutable
def labels(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponse:
    """The superpixel of every pixel, little-endian uint16 row by row, as stored: compressed."""
    label_map = visible_label_map(request, photo_id, label_map_id)
    with label_map.labels.open("rb") as file:
        packed = file.read()
    return HttpResponse(packed, content_type="application/octet-stream", headers={"Content-Encoding": "gzip"})


@require_GET
@immutable
def tree(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> HttpResponse:
    """The merge tree's parent array, little-endian uint16."""
    segmentation = label_maps.load(visible_label_map(request, photo_id, label_map_id))
    return HttpResponse(segmentation.hierarchy.to_bytes(), content_type="application/octet-stream")


@require_GET
@immutable
def outline(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int, level: int) -> HttpResponse:
    segmentation = label_maps.load(visible_label_map(request, photo_id, label_map_id))
    png = rendering.outline_png(segmentation.labels, segmentation.hierarchy.cut(level))
    return HttpResponse(png, content_type="image/png")


@require_GET
def preview(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """The selected portion on white, for pages without JavaScript and for whoever wants the file."""
    photo = visible_photo(request, photo_id)
    form = PreviewForm(request.GET)
    if not form.is_valid():
        return HttpResponse(first_error(form), status=400, content_type="text/plain")
    label_map = label_maps.label_map_of(photo)
    included = gestures.selection_of(person_of(request), label_map).regions.included
    given = form.cleaned_data
    png = photos.portion(
        photo,
        label_maps.load(label_map).labels,
        included,
        background=given["background"] or "white",
        crop=given["crop"],
        at_original_size=given["size"] == "original",
    )
    response = HttpResponse(png, content_type="image/png", headers={"Cache-Control": "private, no-cache"})
    if given["download"]:
        response.headers["Content-Disposition"] = content_disposition_header(True, f"{photo.stem} selection.png")
    return response
