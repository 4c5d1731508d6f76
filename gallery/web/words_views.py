"""Searches by words alone: read the address, call one thing, render."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from gallery.search.by_words import find
from gallery.search.chips import query_of
from gallery.web.forms import WordsForm
from selector.people import person_of
from superpixel_site.htmx import HtmxHttpRequest, wants_partial


@require_GET
def find_by_words(request: HtmxHttpRequest) -> HttpResponse:
    """What words find in the collection: a page, the drawer beside another page, or more hits for either."""
    form = WordsForm(request.GET)
    found = find(form.options, person_of(request), form.number)
    in_place = wants_partial(request)
    template = "gallery/_words_hits.html" if form.given("more") else "gallery/_words_drawer.html"
    context = {
        "answer": found,
        "query": query_of(found.options),
        "in_place": in_place and not form.given("alone"),
        "oob": in_place,
    }
    response = render(request, template if in_place else "gallery/words.html", context)
    if in_place and form.given("alone") and not form.given("more"):
        # While somebody types; going back leads to where they came from.
        response.headers["HX-Replace-Url"] = f"{request.path}?{context['query']}"
    return response
