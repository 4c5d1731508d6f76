"""A person's photos put into their own collection, and taken out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from gallery.collection.importing import collect
from gallery.models import GalleryImage
from library.forms import PhotosForm
from library.photo_views import Refused, card, own_photos
from selector.models import Photo
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx, wants_partial
from superpixel_site.responses import say


@require_POST
@vary_on_htmx
def add(request: HtmxHttpRequest) -> HttpResponse:
    """Put photos into the person's own collection; the worker makes them searchable."""
    try:
        chosen = own_photos(request, PhotosForm(request.POST))
    except Refused as refusal:
        return say(request, str(refusal), refusal.status, reverse("selector:photos"))
    n_new = collect(chosen)
    sentence = {0: "In your collection already.", 1: "Added to your collection: it can be found in a moment."}
    return done(request, chosen, sentence.get(n_new, f"{n_new} photos are added to your collection."))


@require_POST
@vary_on_htmx
def take_out(request: HtmxHttpRequest) -> HttpResponse:
    """Take photos out of the person's own collection: they stay photos, but no search finds them."""
    try:
        chosen = own_photos(request, PhotosForm(request.POST))
    except Refused as refusal:
        return say(request, str(refusal), refusal.status, reverse("selector:photos"))
    GalleryImage.objects.filter(photo__in=chosen).delete()
    what = "The photo is" if len(chosen) == 1 else f"{len(chosen)} photos are"
    return done(request, chosen, f"{what} out of your collection, and still here.")


def done(request: HtmxHttpRequest, chosen: list[Photo], sentence: str) -> HttpResponse:
    """The list of photos afterwards: for htmx, which changes one at a time, its card alone."""
    if wants_partial(request) and len(chosen) == 1:
        return card(request, chosen[0], sentence)
    messages.success(request, sentence)
    return redirect("selector:photos")
