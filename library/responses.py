"""The list of photos after a change."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from library.cards import cards_of
from selector.models import Photo
from selector.people import Person
from superpixel_site.htmx import HtmxHttpRequest, wants_partial


def changed(request: HtmxHttpRequest, person: Person, photos: list[Photo], sentence: str) -> HttpResponse:
    """The list after photos have changed: for htmx, which changes one at a time, its card alone."""
    if not wants_partial(request) or len(photos) != 1:
        messages.success(request, sentence)
        return redirect("library:photos")
    (card,) = cards_of(person, photos)
    context = {"card": card, "message": sentence, "level": "success", "in_place": True}
    return render(request, "library/_photo.html", context)
