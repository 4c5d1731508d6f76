"""The workspace: a photo, the tools, and each gesture."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from selector.access import shown_label_map, visible_photo
from selector.arrays import Labels
from selector.people import known_person, person_of
from selector.rendering import layers
from selector.selection import tools
from selector.selection.selection import SuperpixelSelection as Regions
from selector.services import label_maps, selecting
from selector.services.selecting import Report
from selector.signals import photo_opened
from selector.web.forms import OPENING_LEVEL, GestureForm, LevelForm, SelectionNowForm
from superpixel_site.forms import first_error
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx
from superpixel_site.responses import say

INCLUDE_BLUE, EXCLUDE_ORANGE = (30, 110, 245), (240, 120, 0)
COARSEST_LEVEL = 8
# How much larger than its working copy a photo is shown on the largest of windows.
LARGEST_SCALE = 4
# Without JavaScript a click comes in displayed pixels, so the stage has this width, whatever the window's.
SHOWN_WIDTH = 640
CHANGED_ELSEWHERE = "This photo has changed in another window. Reload the page to go on."


@require_GET
def workspace(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = visible_photo(request, photo_id)
    label_map = label_maps.get_or_compute(photo)
    photo_opened.send(workspace, label_map=label_map)
    selection = selecting.selection_of(person_of(request), label_map)
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
        "tools": tools.TOOLS,
        "other_way": tools.OTHER_WAY,
        **selection_context(selecting.report_on(selection), level),
    }
    return render(request, "selector/workspace.html", context)


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
        "summary": report.description,
        "message": report.sentence,
    }
    if with_tints:
        context |= tints(label_maps.load(selection.label_map).labels, report.state)
    return context


def tints(labels: Labels, state: Regions) -> dict[str, str]:
    """The layers over what is included and excluded, as addresses that hold the pictures themselves."""
    return {
        "tint": data_url(layers.tint_png(labels, state.included, INCLUDE_BLUE)),
        "tint_excluded": data_url(layers.tint_png(labels, state.excluded, EXCLUDE_ORANGE, striped=True)),
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
    made = form.gesture_on(label_map.photo.width)
    try:
        report = selecting.apply_gesture(known_person(request), label_map, made)
    except ValueError:
        return say(request, "That point lies outside the photo.", 422, workspace_url)
    if request.htmx:
        context = selection_context(report, made.level, with_tints=not form.cleaned_data["draws"])
        return render(request, "selector/_selection.html", context)
    return redirect(f"{workspace_url}?{urlencode({'level': made.level})}")


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
    selection = selecting.selection_of(person_of(request), label_map)
    if selection.revision == form.cleaned_data["version"]:
        return HttpResponse(status=204)
    report = selecting.report_on(selection)
    report = replace(report, sentence=f"Changed in another window. {report.description}")
    context = selection_context(report, OPENING_LEVEL, with_tints=not form.cleaned_data["draws"])
    return render(request, "selector/_selection.html", context)
