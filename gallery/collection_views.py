"""A person's own collection: photos put into it and taken out, and what is told about them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from gallery.collection import collect
from gallery.forms import MetadataForm
from gallery.models import GalleryImage
from selector.forms import PhotosForm
from selector.models import Photo
from selector.people import person_of
from selector.photo_views import Refused, card, own_photos
from selector.views import say
from superpixel_site.htmx import HtmxHttpRequest, vary_on_htmx, wants_partial


def own_image(request: HttpRequest, image_id: int) -> GalleryImage:
    """An image of this person's own collection. Strangers get 404, and so does everyone for a public one."""
    mine = GalleryImage.objects.owned_by(person_of(request)).select_related("photo")
    image: GalleryImage = get_object_or_404(mine, pk=image_id)
    return image


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


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, image_id: int) -> HttpResponse:
    """What is known about an image of one's own."""
    image = own_image(request, image_id)
    form = MetadataForm(request.POST or None, instance=image)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"“{image.title}” is saved.")
        return redirect(image)
    # The image's own title, not one that was refused.
    context = {"form": form, "image": image, "title": form.initial["title"]}
    return render(request, "gallery/edit.html", context, status=422 if form.errors else 200)
