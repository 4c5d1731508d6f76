"""Details of large photos: drawing a box, watching the worker cut it, and leaving that."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from library import jobs
from library.forms import DetailForm
from selector.access import full_size_for, own_cut, visible_photo
from selector.models import Cut, Photo
from selector.people import Person, person_of
from selector.services import details
from selector.services.details import TooManyCuts
from selector.services.quotas import NoRoomLeft
from selector.web.picture_views import FULL_SIZE_IS_KEPT
from selector.web.visits import known_person
from selector.web.workspace_views import stage_context
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import redirect_to, render_partial_or_page
from superpixel_site.watching.readiness import SECONDS_WITHOUT_A_WORKER, worker_silence

SMALL = "All of this photo is shown already: a detail would show no more."
TURNED = "This photo has changed in another window. Reload the page to go on."
# For so long, in seconds, nobody wonders whether there is a worker.
PATIENCE = 10


@require_http_methods(["GET", "POST"])
def detail(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Draw a box on a large photo; posting one has the worker cut it."""
    photo = cuttable_photo(person_of(request), photo_id)
    if request.method == "POST":
        return ask(request, photo)
    width, height = photo.original_size or (0, 0)
    context = {
        "photo": photo,
        "original": {"width": width, "height": height},
        # To begin with: half of the picture, in its middle.
        "box": {"left": width // 4, "top": height // 4, "width": width // 2, "height": height // 2},
        "smallest_side": details.SMALLEST_SIDE,
        "most_pixels": details.largest_pixels(),
        **stage_context(photo),
    }
    return render(request, "library/detail.html", context)


def cuttable_photo(person: Person, photo_id: uuid.UUID) -> Photo:
    """A large photo of which this person may have all pixels.

    Raises
    ------
    Http404, Refusal
    """
    photo = visible_photo(person, photo_id)
    if not full_size_for(person, photo):
        raise Refusal(FULL_SIZE_IS_KEPT, 403, photo.get_absolute_url())
    if not details.is_large(photo):
        raise Refusal(SMALL, 409, photo.get_absolute_url())
    return photo


def ask(request: HtmxHttpRequest, photo: Photo) -> HttpResponse:
    """Have the worker cut what was drawn, and show the page that waits for it."""
    here = request.path
    form = DetailForm(request.POST, photo.original_size or (0, 0), details.largest_pixels())
    box = valid(form, 422, here).box
    if form.cleaned_data["version"] != photo.version:
        raise Refusal(TURNED, 409, here)
    try:
        with known_person(request) as person:
            cut = details.ask(person, photo, box, jobs.defer)
    except NoRoomLeft as problem:
        raise Refusal(str(problem), 409, reverse("library:photos")) from problem
    except TooManyCuts as problem:
        raise Refusal(str(problem), 409, here) from problem
    return redirect_to(request, reverse("library:cut", args=[cut.pk]))


@require_GET
@never_cache
def cut(request: HtmxHttpRequest, cut_id: uuid.UUID) -> HttpResponse:
    """A detail that is being cut. The page asks for itself meanwhile, and goes on to the detail when it is there."""
    found = own_cut(person_of(request), cut_id)
    if found.detail is not None and wants_partial(request):
        return redirect_to(request, found.detail.get_absolute_url())
    context = {
        "cut": found,
        "place": details.place_on(found.photo, found.box) if found.photo else None,
        "n_before": found.n_before,
        "waits_in_vain": waits_in_vain(found),
    }
    return render_partial_or_page(request, "library/_cut.html", "library/cut.html", context)


def waits_in_vain(cut: Cut) -> bool:
    """Whether no worker has been heard of while a detail waits."""
    if not cut.is_under_way or (timezone.now() - cut.created).total_seconds() < PATIENCE:
        return False
    silence = worker_silence()
    return silence is None or silence > SECONDS_WITHOUT_A_WORKER


@require_POST
def cancel(request: HtmxHttpRequest, cut_id: uuid.UUID) -> HttpResponse:
    """Stop cutting a detail. One that is there already stays."""
    found = own_cut(person_of(request), cut_id)
    if found.detail is not None:
        return redirect_to(request, found.detail.get_absolute_url())
    found.delete()
    messages.success(request, "The detail is cancelled.")
    next_url = found.photo.get_absolute_url() if found.photo else reverse("library:photos")
    return redirect_to(request, next_url)
