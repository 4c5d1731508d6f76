"""Images as only curators see them, and from a search to the list of the admin."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from curating.access import curated_image, curators_only
from curating.handing_over import hand_over
from gallery.access import own_search
from selector.people import person_of
from selector.services import photos
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.responses import kept, redirect_to


@require_GET
@curators_only("gallery.view_galleryimage")
def thumbnail(request: HtmxHttpRequest, image_id: int) -> HttpResponseBase:
    """A small JPEG of an image of the collection, one that is withdrawn included."""
    image = curated_image(image_id)
    return kept(
        request, lambda: HttpResponse(photos.thumbnail(image.photo), content_type="image/jpeg"), is_public=False
    )


@require_POST
@curators_only("gallery.change_galleryimage")
def curate_search(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Show the best hits of a search in the list of the admin."""
    person = person_of(request)
    search = own_search(person, search_id)
    n = hand_over(request.session, search, person)
    messages.success(request, f"These are the {n} best images that your search has found.")
    return redirect_to(request, f"{reverse('admin:gallery_galleryimage_changelist')}?search={search.pk}")
