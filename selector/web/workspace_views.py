"""The workspace: a photo, the tools, and each gesture."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from selector.access import full_size_for, visible_label_map, visible_photo, visible_source
from selector.arrays import Labels
from selector.models import LabelMap, Photo
from selector.people import Person, person_of
from selector.rendering import layers
from selector.selection import tools
from selector.selection.selection import SuperpixelSelection
from selector.services import details, label_maps, selecting
from selector.services.objects import CannotBeDone
from selector.services.selecting import Report
from selector.signals import photo_opened
from selector.web.forms import OPENING_LEVEL, CornerForm, GestureForm, LevelForm, SelectionNowForm
from selector.web.looks import look_context, remember_look
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal, valid
from superpixel_site.stored_files import require

INCLUDE_BLUE, EXCLUDE_ORANGE = (30, 110, 245), (240, 120, 0)
COARSEST_LEVEL = 8
# How much larger than its working copy a photo is shown on the largest of windows.
LARGEST_SCALE = 4
# Without JavaScript a click comes in displayed pixels, so the stage has this width, whatever the window's.
SHOWN_WIDTH = 640
# A form that says which label map its page was made with.
ShownForm = TypeVar("ShownForm", GestureForm, SelectionNowForm)
CHANGED_ELSEWHERE = "This photo has changed in another window. Reload the page to go on."


@require_GET
def workspace(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """A photo with its superpixels, the tools, and what the person has selected on it."""
    person = person_of(request)
    photo = visible_photo(person, photo_id)
    require(photo.working)
    label_map = label_maps.get_or_compute(photo)
    photo_opened.send(workspace, label_map=label_map)
    selection = selecting.selection_of(person, label_map)
    level = min(LevelForm(request.GET).value, label_map.n_superpixels)
    full_size = full_size_for(person, photo)
    context = {
        "photo": photo,
        "label_map": label_map,
        "level": level,
        "coarsest": min(COARSEST_LEVEL, label_map.n_superpixels),
        "is_own": photo.is_owned_by(person),
        "full_size": full_size,
        "has_details": bool(full_size) and details.is_large(photo),
        "tools": tools.TOOLS,
        "other_way": tools.OTHER_WAY,
        **CornerForm(request.GET).value,
        **source_context(person, photo),
        **look_context(request),
        **stage_context(photo),
        **selection_context(selecting.report_on(selection), level),
    }
    return remember_look(request, render(request, "selector/workspace.html", context))


def source_context(person: Person, photo: Photo) -> dict[str, Any]:
    """What a detail is cut from, and where on it: as far as the person may see that."""
    source = visible_source(person, photo)
    return {"source": source, "place": details.place_on(source, photo.cut_box) if source else None}


def stage_context(photo: Photo) -> dict[str, int]:
    """The sizes of the stage, in CSS pixels: at its largest, and as a page without JavaScript shows it."""
    shown_width = min(photo.width, SHOWN_WIDTH)
    return {
        "sizer_width": photo.width * LARGEST_SCALE,
        "sizer_height": photo.height * LARGEST_SCALE,
        "shown_width": shown_width,
        "shown_height": round(photo.height * shown_width / photo.width),
    }


def selection_context(report: Report, level: int, *, with_tints: bool = True) -> dict[str, Any]:
    """What the partials that show a selection need."""
    selection = report.selection
    context = {
        "selection": selection,
        "level": level,
        "photo": selection.label_map.photo,
        "label_map": selection.label_map,
        # The browser draws the next gesture on top of this before the server has answered.
        "state": base64.b64encode(selection.state).decode(),
        "has_included": bool(report.state.included.any()),
        "has_excluded": bool(report.state.excluded.any()),
        "summary": report.description,
        "message": report.sentence,
        "urgency": "done" if report.is_done else "info",
    }
    if with_tints:
        context |= tints(label_maps.load(selection.label_map).labels, report.state)
    return context


def tints(labels: Labels, state: SuperpixelSelection) -> dict[str, str]:
    """The layers over what is included and excluded, as addresses that hold the pictures themselves."""
    return {
        "tint": data_url(layers.tint_png(labels, state.included, INCLUDE_BLUE)),
        "tint_excluded": data_url(layers.tint_png(labels, state.excluded, EXCLUDE_ORANGE, striped=True)),
        "rest": data_url(layers.rest_png(labels, state.included, state.excluded)),
    }


def data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


@require_POST
def gesture(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """One click, stroke, lasso, undo ...: applied to the stored selection, answered with the new layers."""
    person = person_of(request)
    form, label_map = checked(GestureForm(request.POST), person, photo_id)
    width = label_map.photo.width
    made = form.gesture_on(width)
    if corner := form.first_corner_on(width):
        asked = {"level": made.level, "mode": made.mode, "corner": f"{corner[0]:.1f},{corner[1]:.1f}"}
        return redirect(f"{workspace_url(photo_id)}?{urlencode(asked)}")
    try:
        with known_person(request) as owner:
            report = selecting.apply_gesture(owner, label_map, made)
    except CannotBeDone as problem:
        raise Refusal(str(problem), 422, workspace_url(photo_id)) from None
    except ValueError:
        raise Refusal("That point lies outside the photo.", 422, workspace_url(photo_id)) from None
    if request.htmx:
        context = selection_context(report, made.level, with_tints=not form.cleaned_data["draws"])
        return render(request, "selector/_selection.html", context)
    return redirect(f"{workspace_url(photo_id)}?{urlencode({'level': made.level})}")


@require_GET
@never_cache
def anticipated_object(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """What is seen of an object while it is drawn: a bit for each superpixel, highest first; 204 where there is none.

    A page that has just been opened asks for `show`, so that the first object need not wait for what all of them need.
    """
    person = person_of(request)
    form, label_map = checked(GestureForm(request.GET), person, photo_id)
    try:
        found = selecting.anticipated_object(person, label_map, form.gesture_on(label_map.photo.width))
    except ValueError:
        found = None
    if found is None:
        return HttpResponse(status=204)
    return HttpResponse(np.packbits(found).tobytes(), content_type="application/octet-stream")


def checked(form: ShownForm, person: Person, photo_id: uuid.UUID) -> tuple[ShownForm, LabelMap]:
    """A valid form of the workspace, and the label map that its page was made with.

    Raises
    ------
    Refusal
        With the form's first error, or when the photo has got another label map since.
    Http404
        When the person may not see the photo.
    """
    try:
        valid(form, 400, workspace_url(photo_id))
        return form, visible_label_map(person, photo_id, form.cleaned_data["label_map"])
    except Refusal:
        visible_photo(person, photo_id)
        raise
    except Http404:
        visible_photo(person, photo_id)
        raise Refusal(CHANGED_ELSEWHERE, 409, workspace_url(photo_id)) from None


def workspace_url(photo_id: uuid.UUID) -> str:
    return reverse("selector:workspace", args=[photo_id])


@require_GET
@never_cache
def selection_now(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """What a tab that comes to the front asks: nothing (204) unless another tab has changed the selection."""
    person = person_of(request)
    form, label_map = checked(SelectionNowForm(request.GET), person, photo_id)
    selection = selecting.selection_of(person, label_map)
    if selection.revision == form.cleaned_data["version"]:
        return HttpResponse(status=204)
    report = selecting.report_on(selection)
    report = replace(report, sentence=f"Changed in another window. {report.description}")
    context = selection_context(report, OPENING_LEVEL, with_tints=not form.cleaned_data["draws"])
    return render(request, "selector/_selection.html", context)
