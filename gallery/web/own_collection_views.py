"""What is told about an image of a person's own collection."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from gallery.access import own_image
from gallery.web.forms import MetadataForm
from selector.people import person_of


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, image_id: int) -> HttpResponse:
    """What is known about an image of one's own."""
    image = own_image(person_of(request), image_id)
    form = MetadataForm(request.POST or None, instance=image)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"“{image.title}” is saved.")
        return redirect(image)
    # The image's own title, not one that was refused.
    context = {"form": form, "image": image, "title": form.initial["title"]}
    return render(request, "gallery/edit.html", context, status=422 if form.errors else 200)
