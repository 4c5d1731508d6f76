"""Whether a person's searches find their photos: those are put into their own collection, and taken out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from gallery.collection.importing import collect
from gallery.models import GalleryImage
from library.forms import ChoiceForm, PhotosForm
from library.models import FindingChoice
from library.responses import changed
from selector.access import own_photos
from selector.models import Photo
from selector.people import person_of
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest
from superpixel_site.refusals import valid
from superpixel_site.responses import redirect_to


@require_POST
def add(request: HtmxHttpRequest) -> HttpResponse:
    """Put photos into the person's own collection; the worker makes them searchable."""
    form = valid(PhotosForm(request.POST), 400, reverse("library:photos"))
    person = person_of(request)
    chosen = own_photos(person, form.cleaned_data["photo"])
    n_new = collect(chosen)
    sentence = {0: "Your searches find it already.", 1: "Your searches find it in a moment."}
    return changed(request, person, chosen, sentence.get(n_new, f"Your searches find {n_new} more photos in a moment."))


@require_POST
def take_out(request: HtmxHttpRequest) -> HttpResponse:
    """Take photos out of the person's own collection: they stay photos, but no search finds them."""
    form = valid(PhotosForm(request.POST), 400, reverse("library:photos"))
    person = person_of(request)
    chosen = own_photos(person, form.cleaned_data["photo"])
    GalleryImage.objects.filter(photo__in=chosen).delete()
    what = "It is" if len(chosen) == 1 else "They are"
    return changed(request, person, chosen, f"Your searches no longer find {_this(chosen)}. {what} still here.")


def _this(photos: list[Photo]) -> str:
    return "this photo" if len(photos) == 1 else f"these {len(photos)} photos"


@require_POST
def choose(request: HtmxHttpRequest) -> HttpResponse:
    """Note whether the person's searches are to find what they add: with "yes" what is there already, too."""
    finds_new = valid(ChoiceForm(request.POST), 400, reverse("library:photos")).cleaned_data["finds_new"] == "yes"
    with known_person(request) as person:
        FindingChoice.objects.choose(person, finds_new=finds_new)
        n_new = collect(Photo.objects.private_to(person)) if finds_new else 0
    said = "Your searches find your photos from now on" if finds_new else "Your searches do not find your photos"
    now = f", {n_new} in a moment" if n_new else ""
    messages.success(request, f"{said}{now}. Each photo has a switch for it.")
    return redirect_to(request, reverse("library:photos"))
