"""Offering a photo of one's own to the public collection, and taking the offer back."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from curating import offering
from curating.models import Offer
from curating.web.forms import LICENCES, OfferForm
from gallery.collection.importing import readable_title
from selector.access import own_photo
from selector.models import Photo
from selector.people import person_of
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import Refusal


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def offer(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """What became of the offer of a photo, and the form to make one; posting it makes one."""
    photo = own_photo(person_of(request), photo_id)
    latest = Offer.objects.filter(photo=photo).select_related("image").last()
    form = OfferForm(request.POST or None, initial=_initial(photo, latest))
    if request.method == "POST" and form.is_valid():
        return _offered(request, photo, form)
    context = {"photo": photo, "offer": latest, "form": form, "licences": LICENCES}
    return render(request, "curating/offer.html", context, status=422 if request.method == "POST" else 200)


def _initial(photo: Photo, latest: Offer | None) -> dict[str, object]:
    """What the form begins with: what was said the last time."""
    if latest is None:
        return {"title": readable_title(photo.name)[:200]}
    known = {name: getattr(latest, name) for name in ("title", "description", "creator", "licence")}
    return known | {"tags": ", ".join(f'"{tag}"' if "," in tag else tag for tag in latest.tags)}


def _offered(request: HtmxHttpRequest, photo: Photo, form: OfferForm) -> HttpResponse:
    try:
        offering.offer(cast(User, request.user), photo, form.details)
    except offering.CannotOffer as problem:
        raise Refusal(str(problem), 409, reverse("offers:offer", args=[photo.pk])) from problem
    messages.success(request, f"“{photo.name}” is offered. A curator will look at it; you see here what is decided.")
    return redirect("library:photos")


@require_POST
@login_required
def withdraw(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Take an offer back that waits."""
    photo = own_photo(person_of(request), photo_id)
    if not offering.withdraw(cast(User, request.user), photo):
        raise Refusal("That offer does not wait any more.", 409, reverse("offers:offer", args=[photo.pk]))
    messages.success(request, f"“{photo.name}” is not offered any more.")
    return redirect("library:photos")
