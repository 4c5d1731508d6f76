"""A person's own photos: adding, listing, renaming, turning and deleting them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods, require_POST

from library.forms import PhotosForm, RenameForm, StayForm, UploadForm
from selector.access import own_photo
from selector.imaging.imagefile import InvalidImage
from selector.models import Photo, Selection
from selector.people import Person, known_person, person_of
from selector.services import label_maps, photos
from selector.services.turning import turn
from superpixel_site.forms import PageForm, first_error
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx, wants_partial
from superpixel_site.responses import go, say

PHOTOS_A_PAGE = 48


class Refused(Exception):
    """A file that was not taken, with the sentence to show and the status to show it with."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


# The list


@require_http_methods(["GET", "POST"])
@vary_on_htmx
def photo_list(request: HtmxHttpRequest) -> HttpResponse:
    """The person's own photos; posting images adds them."""
    if request.method == "POST":
        return upload(request)
    person = person_of(request)
    page = Paginator(Photo.objects.private_to(person), PHOTOS_A_PAGE).get_page(PageForm(request.GET).number)
    note_selections(person, page)
    template = "selector/_photo_grid.html" if wants_partial(request) else "selector/photos.html"
    return render(request, template, {"page": page, "max_megabytes": settings.MAX_UPLOAD_BYTES // 2**20})


def note_selections(person: Person, page: Page[Photo] | Iterable[Photo]) -> None:
    """Give each photo of a list its `selection`, the latest with anything in it or None, by one query."""
    mine = Selection.objects.owned_by(person).filter(label_map__photo__in=list(page))
    rows = mine.select_related("label_map").defer("label_map__hierarchy").order_by("updated")
    latest = {row.label_map.photo_id: row for row in rows if row.superpixels.included.any()}
    for photo in page:
        photo.selection = latest.get(photo.pk)  # type: ignore[attr-defined]


def card(request: HttpRequest, photo: Photo, sentence: str = "") -> HttpResponse:
    """A photo as the list shows it, in place of the card that was there."""
    note_selections(person_of(request), [photo])
    context = {"photo": photo, "photos": [photo], "message": sentence, "level": "success", "in_place": True}
    return render(request, "selector/_photo.html", context)


def own_photos(request: HttpRequest, form: PhotosForm) -> list[Photo]:
    """The photos chosen in a list; 404 when one of them is not this person's to change.

    Raises
    ------
    Refused
        When none is chosen.
    """
    if not form.is_valid():
        raise Refused(first_error(form), 400)
    keys = set(form.cleaned_data["photo"])
    found = list(Photo.objects.private_to(person_of(request)).filter(pk__in=keys))
    if len(found) < len(keys):
        raise Http404
    return found


# Adding


def upload(request: HtmxHttpRequest) -> HttpResponse:
    files = request.FILES.getlist("image")
    if len(files) > 1:
        return upload_several(request, files)
    try:
        photo = store(request, request.FILES)
    except Refused as refusal:
        return say(request, str(refusal), refusal.status, reverse("gallery:start"))
    if wants_partial(request) and StayForm(request.POST).value:
        return render(request, "selector/_uploaded.html", {"photo": photo})
    return go(request, photo.get_absolute_url())


def upload_several(request: HtmxHttpRequest, files: list[UploadedFile[bytes]]) -> HttpResponse:
    """What a browser without JavaScript sends: each file is taken or refused by itself."""
    n_stored, refusals = 0, []
    for file in files:
        try:
            store(request, MultiValueDict({"image": [file]}))
            n_stored += 1
        except Refused as refusal:
            refusals.append(f"{file.name}: {refusal}")
    if not n_stored:
        return say(request, " ".join(refusals), 422, reverse("selector:photos"))
    messages.success(request, f"{_photos(n_stored)} added.")
    for sentence in refusals:
        messages.error(request, sentence)
    return go(request, reverse("selector:photos"))


def store(request: HttpRequest, files: MultiValueDict[str, UploadedFile[bytes]]) -> Photo:
    """Take one uploaded file, or raise `Refused`."""
    form = UploadForm(request.POST, files)
    if not form.is_valid():
        raise Refused(first_error(form), 400)
    file = form.cleaned_data["image"]
    try:
        person = known_person(request)
        photo = photos.store_photo(file.read(), file.name, owner=person.user, visitor=person.visitor)
    except InvalidImage as problem:
        raise Refused(str(problem), 422) from problem
    label_maps.get_or_compute(photo)
    return photo


# Changing


@require_POST
@vary_on_htmx
def rename(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    photo = own_photo(request, photo_id)
    form = RenameForm(request.POST)
    if not form.is_valid():
        return say(request, first_error(form), 422, reverse("selector:photos"))
    photo.rename(form.cleaned_data["name"])
    return changed(request, photo, f"The photo is called “{photo.name}” now.")


@require_POST
@vary_on_htmx
def rotate(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Turn a photo by a quarter, in the workspace or in the list (`stay`)."""
    photo = own_photo(request, photo_id)
    turn(photo)
    photo.refresh_from_db()
    if StayForm(request.POST).value:
        return changed(request, photo, f"“{photo.name}” is turned.")
    return go(request, photo.get_absolute_url())


def changed(request: HtmxHttpRequest, photo: Photo, sentence: str) -> HttpResponse:
    """The list as it is after a change of one photo: its card alone for htmx."""
    if wants_partial(request):
        return card(request, photo, sentence)
    messages.success(request, sentence)
    return redirect("selector:photos")


@require_POST
@vary_on_htmx
def delete(request: HtmxHttpRequest) -> HttpResponse:
    """Delete photos with everything made from them, once the person has been told what goes along."""
    form = PhotosForm(request.POST)
    try:
        chosen = own_photos(request, form)
    except Refused as refusal:
        return say(request, str(refusal), refusal.status, reverse("selector:photos"))
    if not form.cleaned_data["confirmed"]:
        in_dialog = wants_partial(request)
        template = "selector/_delete.html" if in_dialog else "selector/delete.html"
        return render(request, template, {"photos": chosen, "in_dialog": in_dialog})
    Photo.objects.filter(pk__in=[photo.pk for photo in chosen]).delete()
    named = f"“{chosen[0].name}” is" if len(chosen) == 1 else f"{len(chosen)} photos are"
    messages.success(request, f"{named} deleted.")
    return go(request, reverse("selector:photos"))


def _photos(count: int) -> str:
    return "1 photo is" if count == 1 else f"{count} photos are"
