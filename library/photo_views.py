"""A person's own photos: listing, renaming, turning and deleting them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from library.cards import cards_of
from library.forms import SORTS, PhotoListForm, PhotosForm, RenameForm, StayForm
from library.listed import chips_for, photos_of
from library.models import FindingChoice
from library.responses import changed
from library.upload_views import upload, what_is_taken
from selector.access import own_photo, own_photos
from selector.models import Photo
from selector.people import person_of
from selector.services import details, namesakes
from selector.services.quotas import usage_of
from selector.services.turning import turn
from selector.web.unreadable import unreadable_is_refused
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import valid
from superpixel_site.responses import redirect_to, render_partial_or_page

PHOTOS_A_PAGE = 48


@require_http_methods(["GET", "POST"])
def photos(request: HtmxHttpRequest) -> HttpResponse:
    """The person's own photos; posting images adds them."""
    if request.method == "POST":
        return upload(request)
    person = person_of(request)
    form = PhotoListForm(request.GET)
    asked = form.asked
    words, kind, tag = (asked.get(name, "") for name in ("q", "kind", "tag"))
    listed = photos_of(person, words, kind, tag)
    page = Paginator(listed.order_by(SORTS[form.sorting][1], "pk"), PHOTOS_A_PAGE).get_page(form.number)
    context = {
        "words": words,
        "kept": {name: asked[name] for name in ("kind", "tag") if name in asked},
        "chips": chips_for(listed, asked),
        "sort": form.sorting,
        "sorts": SORTS,
        "query": urlencode(asked),
        "page": page,
        "cards": cards_of(person, page),
        "usage": usage_of(person),
        "is_asked": FindingChoice.objects.of(person) is None,
        **what_is_taken(),
    }
    return render_partial_or_page(request, "library/_photo_grid.html", "library/photos.html", context)


@require_POST
def rename(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Give a photo another name."""
    person = person_of(request)
    photo = own_photo(person, photo_id)
    form = valid(RenameForm(request.POST), 422, reverse("library:photos"))
    photo.rename(form.cleaned_data["name"])
    return changed(request, person, [photo], f"The photo is called “{photo.name}” now.")


@require_POST
def rotate(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Turn a photo by a quarter, in the workspace or in the list (`stay`)."""
    person = person_of(request)
    photo = own_photo(person, photo_id)
    with unreadable_is_refused(photo.get_absolute_url()):
        turn(photo)
    photo.refresh_from_db()
    if StayForm(request.POST).value:
        return changed(request, person, [photo], f"“{photo.name}” is turned.")
    return redirect_to(request, photo.get_absolute_url())


@require_POST
def delete(request: HtmxHttpRequest) -> HttpResponse:
    """Delete photos with everything made from them, once the person has been told what goes along."""
    form = valid(PhotosForm(request.POST), 400, reverse("library:photos"))
    person = person_of(request)
    chosen = own_photos(person, form.cleaned_data["photo"])
    if not form.cleaned_data["confirmed"]:
        namesakes.tell_apart(person, chosen)
        context = {"photos": chosen, "n_details": details.left_behind(chosen)}
        return render_partial_or_page(request, "library/_delete.html", "library/delete.html", context)
    Photo.objects.filter(pk__in=[photo.pk for photo in chosen]).delete()
    named = f"“{chosen[0].name}” is" if len(chosen) == 1 else f"{len(chosen)} photos are"
    messages.success(request, f"{named} deleted.")
    return redirect_to(request, reverse("library:photos"))
