"""The history of a person's searches: listing, naming, pinning, deleting them and bringing them back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from gallery.access import own_search, own_search_or_discarded
from gallery.models import Search
from gallery.search.history import history_page, past_search
from gallery.web.forms import DiscardedForm, PinForm, SearchNameForm
from selector.people import Person, person_of
from superpixel_site.forms import PageForm
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import valid

SEARCHES_A_PAGE = 24


@require_GET
def searches(request: HttpRequest) -> HttpResponse:
    """The person's past searches, the latest first; above them the one that was deleted a moment ago."""
    person = person_of(request)
    page, rows = history_page(person, PageForm(request.GET).number, SEARCHES_A_PAGE)
    return render(request, "gallery/searches.html", {"page": page, "rows": rows, "deleted": deleted(request, person)})


def deleted(request: HttpRequest, person: Person) -> Search | None:
    """The deleted search that an address names, which can be brought back there."""
    named = DiscardedForm(request.GET).given("deleted")
    mine = Search.objects.with_discarded(person).exclude(discarded=None)
    return mine.select_related("label_map__photo").filter(pk=named).first() if named else None


@require_POST
def rename(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Give a search a name, or take it away."""
    search = own_search(person_of(request), search_id)
    search.rename(valid(SearchNameForm(request.POST), 422, reverse("gallery:searches")).cleaned_data["name"])
    called = f"is called “{search.name}” now" if search.name else "has no name of its own any more"
    return changed(request, search, f"The search {called}.")


@require_POST
def pin(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Keep a search before all others, or no longer."""
    search = own_search(person_of(request), search_id)
    search.pin(PinForm(request.POST).value)
    return changed(request, search, "Pinned: it stays before all others." if search.is_pinned else "No longer pinned.")


@require_POST
def delete(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Delete a search with its feedback: its address is 404 then, unless it is brought back within a day."""
    search = own_search(person_of(request), search_id)
    search.discard()
    if wants_partial(request):
        return changed(request, search, "The search is deleted.")
    return redirect(f"{reverse('gallery:searches')}?deleted={search.pk}")


@require_POST
def bring_back(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Undo the deletion of a search."""
    search = own_search_or_discarded(person_of(request), search_id)
    search.bring_back()
    return changed(request, search, "The search is back.")


def changed(request: HtmxHttpRequest, search: Search, sentence: str) -> HttpResponse:
    """The history after a search has changed: for htmx its card alone."""
    if not wants_partial(request):
        messages.success(request, sentence)
        return redirect("gallery:searches")
    row = past_search(person_of(request), search)
    context = {"row": row, "in_place": True, "message": sentence, "level": "success"}
    return render(request, "gallery/_past_search.html", context)
