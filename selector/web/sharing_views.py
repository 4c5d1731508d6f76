"""Links to a selection: made and revoked by the person who selected, opened by those who have one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from selector.access import NoSuchLink, own_link, shared_selection, visible_photo
from selector.models import Photo, SharedSelection
from selector.people import Person, person_of
from selector.services import label_maps, photos, selecting, sharing
from selector.services.quotas import NoRoomLeft
from selector.services.thumbnails import selection_highlight
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal
from superpixel_site.responses import NOT_KEPT, render_partial_or_page
from superpixel_site.stored_files import require

# Of the picture on the page of a link, in pixels.
PREVIEW_SIDE = 720
# Of one person to one photo.
MOST_LINKS = 100
P = ParamSpec("P")


# For the person who shares


@require_http_methods(["GET", "POST"])
def links(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """The links a person has made on a photo; posting makes one to the selection as it is now."""
    person = person_of(request)
    photo = visible_photo(person, photo_id)
    if request.method == "GET":
        return link_list(request, person, photo)
    _, token = new_link(person, photo, request.path)
    return link_list(request, person, photo, request.build_absolute_uri(reverse("selector:shared", args=[token])))


def new_link(person: Person, photo: Photo, next_url: str) -> tuple[SharedSelection, str]:
    """A new link to what a person has selected on a photo, and the token that opens it.

    Raises
    ------
    Refusal
        Where nothing is selected, or there are many links already.
    """
    selection = selecting.selection_of(person, label_maps.get_or_compute(photo))
    if selection.superpixels.is_empty:
        raise Refusal("Select something first, then share it.", 422, photo.get_absolute_url())
    if SharedSelection.objects.owned_by(person).on(photo).count() >= MOST_LINKS:
        raise Refusal(f"There are {MOST_LINKS} links to this photo. Revoke one first.", 409, next_url)
    token = SharedSelection.objects.share(selection, person)
    return SharedSelection.objects.with_token(token).get(), token


def link_list(request: HtmxHttpRequest, person: Person, photo: Photo, new_address: str = "") -> HttpResponse:
    """The links a person has made on a photo, and how to make one; kept in no cache."""
    label_map = label_maps.get_or_compute(photo)
    selection = selecting.selection_of(person, label_map)
    context = {
        "photo": photo,
        "links": SharedSelection.objects.owned_by(person).on(photo).with_copies(),
        "is_empty": selection.superpixels.is_empty,
        "summary": selecting.describe(selection.superpixels, label_maps.load(label_map)),
        "new_address": new_address,
    }
    response = render_partial_or_page(request, "selector/_links.html", "selector/links.html", context)
    response.headers["Cache-Control"] = NOT_KEPT
    return response


@require_POST
def revoke(request: HtmxHttpRequest, link_id: int) -> HttpResponse:
    """End a link. Copies that were opened from it are their owners' and stay."""
    person = person_of(request)
    link = own_link(person, link_id)
    photo = link.photo
    link.delete()
    if wants_partial(request):
        return link_list(request, person, photo)
    messages.success(request, "The link is revoked: it opens nothing any more.")
    return redirect("selector:links", photo.pk)


# For those who open a link


def unlisted(
    view: Callable[Concatenate[HtmxHttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HtmxHttpRequest, P], HttpResponse]:
    """For pages whose address is the key to them: kept out of search engines, caches, and other sites' logs."""

    @wraps(view)
    def wrapped(request: HtmxHttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except NoSuchLink:
            response = render(request, "selector/no_such_link.html", status=404)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Cache-Control"] = NOT_KEPT
        # Not "no-referrer": browsers would then send the page's form with "Origin: null", which Django refuses.
        response.headers["Referrer-Policy"] = "same-origin" if request.method == "GET" else "no-referrer"
        return response

    return wrapped


@require_GET
@unlisted
def shared(request: HtmxHttpRequest, token: str) -> HttpResponse:
    """What a link shares, to look at. A copy takes a press of the button: programs that visit links make none."""
    link = shared_selection(token)
    require(link.photo.working)
    context = {
        "token": token,
        "photo": link.photo,
        "summary": selecting.describe(link.superpixels, label_maps.load(link.label_map)),
        "copy": sharing.copy_of(link, person_of(request)),
    }
    return render(request, "selector/shared.html", context)


@require_POST
@unlisted
def open_shared(request: HtmxHttpRequest, token: str) -> HttpResponse:
    """Open the person's own copy, made now if there is none."""
    link = shared_selection(token)
    try:
        with known_person(request) as person:
            return redirect(sharing.open_copy(link, person))
    except SharedSelection.DoesNotExist:
        raise NoSuchLink from None
    except NoRoomLeft as problem:
        raise Refusal(str(problem), 409, reverse("selector:shared", args=[token])) from problem


@require_GET
@unlisted
def shared_photo(request: HtmxHttpRequest, token: str) -> HttpResponse:
    picture = photos.thumbnail(shared_selection(token).photo, PREVIEW_SIDE)
    return HttpResponse(picture, content_type="image/jpeg")


@require_GET
@unlisted
def shared_highlight(request: HtmxHttpRequest, token: str) -> HttpResponse:
    return HttpResponse(selection_highlight(shared_selection(token), PREVIEW_SIDE), content_type="image/png")
