"""A person's photos put into their own collection, and taken out."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from gallery.collection.importing import collect
from gallery.models import GalleryImage
from library.forms import PhotosForm
from library.responses import changed
from selector.access import own_photos
from selector.people import person_of
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import valid


@require_POST
def add(request: HtmxHttpRequest) -> HttpResponse:
    """Put photos into the person's own collection; the worker makes them searchable."""
    form = valid(PhotosForm(request.POST), 400, reverse("library:photos"))
    person = person_of(request)
    chosen = own_photos(person, form.cleaned_data["photo"])
    n_new = collect(chosen)
    sentence = {0: "In your collection already.", 1: "Added to your collection: it can be found in a moment."}
    return changed(request, person, chosen, sentence.get(n_new, f"{n_new} photos are added to your collection."))


@require_POST
def take_out(request: HtmxHttpRequest) -> HttpResponse:
    """Take photos out of the person's own collection: they stay photos, but no search finds them."""
    form = valid(PhotosForm(request.POST), 400, reverse("library:photos"))
    person = person_of(request)
    chosen = own_photos(person, form.cleaned_data["photo"])
    GalleryImage.objects.filter(photo__in=chosen).delete()
    what = "The photo is" if len(chosen) == 1 else f"{len(chosen)} photos are"
    return changed(request, person, chosen, f"{what} out of your collection, and still here.")
