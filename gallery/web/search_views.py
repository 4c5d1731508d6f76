"""Searches in the collection: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import retarget

from gallery.access import named_regions, own_search, regions_of_one_image, visible_image
from gallery.models import GalleryImage, Search
from gallery.search.ask import ask, next_page
from gallery.search.ask import check as check_answer
from gallery.search.filter_choices import filter_choices
from gallery.search.history import earlier_searches
from gallery.search.regions import superpixels_of
from gallery.web.forms import NO_OPTIONS, AnswerForm, CheckForm, FeedbackForm, OptionsForm, RegionForm
from selector.access import visible_photo
from selector.people import Person, person_of
from selector.rendering.previews import preview_png
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps, photos, selecting
from selector.web.visits import known_person
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import kept, redirect_to

SELECT_FIRST = "Select what you are looking for first."
MOST_SEARCHES = 5000
# Of a search's own picture in the drawer, in pixels.
SELECTION_SIDE = 240


# Asking


@require_POST
def new_search(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Search for what the person has selected on a photo, now: the search keeps the selection as it is.

    The controls of a drawer that is open already come along, so that selecting more does not lose them.
    """
    person = person_of(request)
    photo = visible_photo(person, photo_id)
    form = valid(OptionsForm(request.POST), 422, photo.get_absolute_url())
    label_map = label_maps.get_or_compute(photo)
    chosen = selecting.selection_of(person, label_map)
    if not chosen.superpixels.included.any():
        raise Refusal(SELECT_FIRST, 422, photo.get_absolute_url())
    options = form.options.to_json()
    with asking(request) as owner:
        search = Search.objects.find_or_create(owner, label_map, bytes(chosen.state), options)
    return answer(request, search) if wants_partial(request) else redirect(search)


@contextmanager
def asking(request: HttpRequest) -> Iterator[Person]:
    """The person behind a request that makes a search of theirs in the block.

    Raises
    ------
    Refusal
        When they have more searches than anybody looks through.
    """
    with known_person(request) as person:
        if Search.objects.owned_by(person).kept().count() >= MOST_SEARCHES:
            sentence = f"You have {MOST_SEARCHES:,} searches. Delete some that you no longer need, then search again."
            raise Refusal(sentence, 409, reverse("gallery:searches"))
        yield person


@require_POST
def search_like(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """Search for images like a gallery image, or like a region of it."""
    person = person_of(request)
    image = visible_image(person, image_id)
    label_map, members = superpixels_of(image, named_regions(image, RegionForm(request.POST)))
    state = SuperpixelSelection.empty(len(members)).plus(members, "include").pack()
    with asking(request) as owner:
        search = Search.objects.find_or_create(owner, label_map, state)
    return answer(request, search) if wants_partial(request) else redirect(search)


@require_POST
def select(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """Open an image in the selector with a region selected. Undo brings back what the person had selected there."""
    person = person_of(request)
    image = visible_image(person, image_id)
    form = RegionForm(request.POST)
    label_map, members = superpixels_of(image, named_regions(image, form))
    with known_person(request) as owner:
        replaced = selecting.select_instead(owner, label_map, members)
    more = " Undo brings back what you had selected here." if replaced else ""
    messages.success(request, f"The region that matched is selected.{more}")
    # The hits stay beside the image.
    search = Search.objects.visible_to(person).filter(pk=form.cleaned_data["search"]).first()
    return redirect_to(request, image.photo.get_absolute_url() + (f"?search={search.pk}" if search else ""))


# Answers


@require_GET
def show(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """The answer to a search, made anew; or a further page of hits."""
    person = person_of(request)
    search = own_search(person, search_id)
    form = AnswerForm(request.GET)
    if form.number == 1:
        return answer(request, search, pages=form.given("shown") or 1, check=bool(form.given("checked")))
    following = next_page(search, person, form.number, form.given("kept"))
    context = {
        "search": search,
        "photo": search.label_map.photo,
        "answer": following,
        "in_place": wants_partial(request) and form.given("drawer"),
    }
    return render(request, "gallery/_hits.html" if wants_partial(request) else "gallery/search.html", context)


def answer(
    request: HtmxHttpRequest,
    search: Search,
    template: str = "gallery/_drawer.html",
    pages: int = 1,
    *,
    check: bool = False,
) -> HttpResponse:
    """The drawer or its answer alone, or a page with the drawer in it: so many pages of hits at once."""
    in_place = wants_partial(request)
    context = {
        "search": search,
        "photo": search.label_map.photo,
        "answer": ask(search, person_of(request), pages, from_page=1, check=check),
        "earlier": earlier_searches(search, person_of(request)),
        # Controls of the address's own page are answered in place, too, but there is no drawer to close.
        "in_place": in_place and request.POST.get("page") != "search",
        # What an address brings back is no news.
        "oob": in_place and request.method == "POST",
    }
    return render(request, template if in_place else "gallery/search.html", context)


@require_GET
def check(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponseBase:
    """Put the hits in the order of a check, point by point; while that goes on, say how far it is."""
    person = person_of(request)
    search = own_search(person, search_id)
    if not wants_partial(request):
        return redirect(f"{search.get_absolute_url()}?checked=on")
    form = CheckForm(request.GET)
    found = check_answer(search, person, form.given("shown") or 1, form.given("kept"), is_first=not form.given("begun"))
    context = {"search": search, "answer": found, "in_place": form.given("drawer"), "oob": True}
    if found.hits:
        return render(request, "gallery/_checked.html", context)
    return retarget(render(request, "gallery/_checking.html", {**context, "oob": False}), "#checking")


@require_POST
def refine(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Ask with other options from now on."""
    search = own_search(person_of(request), search_id)
    form = valid(OptionsForm(request.POST), 422, search.get_absolute_url())
    search.refine(form.options.to_json())
    if not wants_partial(request):
        return redirect(search)
    # The controls are what the person has just set, but for what changes others.
    whole = any(form.cleaned_data[name] for name in NO_OPTIONS)
    return answer(request, search, "gallery/_drawer.html" if whole else "gallery/_answer.html")


@require_POST
def feedback(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Like or dislike a hit, take that back, or forget all feedback. The answer is ranked anew at once."""
    person = person_of(request)
    search = own_search(person, search_id)
    form = valid(FeedbackForm(request.POST), 422, search.get_absolute_url())
    regions = []
    if form.cleaned_data["forget"]:
        search.feedback.all().delete()
    else:
        regions = regions_of_one_image(person, form.region_ids)
        nodes = [region.node for region in regions]
        search.toggle_feedback(regions[0].image, nodes, liked=bool(form.cleaned_data["like"]))
    if not wants_partial(request):
        return redirect(search)
    # With all hits that the person had in view, so that the page does not scroll.
    response = answer(request, search, "gallery/_answer.html", form.pages)
    if form.cleaned_data["popup"] and regions:
        judged = search.judgement_of(regions[0].image)
        context = {"search": search, "regions": form.region_ids, "judged": judged, "oob": True}
        response.write(render_to_string("gallery/_judge.html", context, request))
    return response


@require_GET
def selection(request: HttpRequest, search_id: uuid.UUID) -> HttpResponseBase:
    """What was searched for, as a small picture on a transparent background."""
    search = own_search(person_of(request), search_id)

    def drawn() -> HttpResponse:
        png = preview_png(
            photos.working_copy(search.label_map.photo),
            label_maps.load(search.label_map).labels,
            search.superpixels.included,
            background="transparent",
            crop=True,
            soft=True,
            padding=0.05,
            long_side=SELECTION_SIDE,
        )
        return HttpResponse(png, content_type="image/png")

    return kept(request, drawn, is_public=False)


@require_GET
def choices(request: HttpRequest) -> HttpResponse:
    """The tags, licences and creators to filter by, for the drawer's text fields."""
    found = filter_choices(GalleryImage.objects.visible_to(person_of(request)))
    return render(request, "gallery/_choices.html", {"choices": found})
