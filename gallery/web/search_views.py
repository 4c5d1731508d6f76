"""Searches in the collection: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

import uuid

import numpy as np
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from taggit.models import Tag

from gallery.access import own_search, regions_of_one_image, visible_image
from gallery.models import GalleryImage, IndexedRegion, Search
from gallery.search.ask import ask, next_page
from gallery.search.options import Options
from gallery.web.forms import AnswerForm, FeedbackForm, OptionsForm, RegionForm
from selector.access import visible_photo
from selector.arrays import Members
from selector.models import LabelMap
from selector.people import Person, known_person, person_of
from selector.rendering.previews import preview_png
from selector.segmentation.superpixels import superpixel_areas
from selector.selection.selection import SuperpixelSelection
from selector.selection.tree import node_members
from selector.services import label_maps, photos, selecting
from superpixel_site.forms import PageForm
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.refusals import Refusal, valid
from superpixel_site.responses import immutable, redirect_to

SELECT_FIRST = "Select what you are looking for first, then search."
SEARCHES_A_PAGE = 24
# Tags, licences and creators offered while one is typed.
MOST_CHOICES = 200
# Of a search's own picture in the drawer, in pixels.
SELECTION_SIDE = 240


# Asking


@require_POST
def new_search(request: HtmxHttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Search for what the person has selected on a photo, now: the search keeps the selection as it is.

    The controls of a drawer that is open already come along, so that selecting more does not lose them.
    """
    photo = visible_photo(person_of(request), photo_id)
    form = OptionsForm(request.POST)
    valid(form, 422, photo.get_absolute_url())
    label_map = label_maps.get_or_compute(photo)
    label_map.photo = photo
    chosen = selecting.selection_of(person_of(request), label_map)
    if not chosen.superpixels.included.any():
        raise Refusal(SELECT_FIRST, 422, photo.get_absolute_url())
    asked = Search.objects.asked(known_person(request), label_map, bytes(chosen.state), form.options.to_json())
    return answer(request, asked) if wants_partial(request) else redirect(asked)


@require_POST
def search_like(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """Search for images like a gallery image, or like a region of it."""
    image = visible_image(person_of(request), image_id)
    label_map, members = region_of(request, image)
    state = SuperpixelSelection(members, members & False).pack()
    asked = Search.objects.asked(known_person(request), label_map, state)
    return answer(request, asked) if wants_partial(request) else redirect(asked)


@require_POST
def select(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """Open an image in the selector with a region selected; what the person had selected there can be brought back."""
    image = visible_image(person_of(request), image_id)
    label_map, members = region_of(request, image)
    replaced = selecting.select_instead(known_person(request), label_map, members)
    more = " Undo brings back what you had selected here." if replaced else ""
    messages.success(request, f"The region that matched is selected.{more}")
    return redirect_to(request, image.photo.get_absolute_url())


def region_of(request: HttpRequest, image: GalleryImage) -> tuple[LabelMap, Members]:
    """The label map of an image by today's settings, and the superpixels of the regions that the request names.

    None names the whole image; a region of another image, or one that is gone, is 404.
    """
    form = RegionForm(request.POST)
    if not form.is_valid():
        raise Http404
    label_map = label_maps.get_or_compute(image.photo)
    label_map.photo = image.photo
    wanted = form.cleaned_data["region"]
    if not wanted:
        return label_map, np.ones(label_map.n_superpixels, bool)
    rows = list(image.regions.filter(pk__in=wanted).select_related("label_map__photo"))
    if len(rows) != len(set(wanted)):
        raise Http404
    return label_map, np.logical_or.reduce([members_on(label_map, row) for row in rows])


def members_on(label_map: LabelMap, region: IndexedRegion) -> Members:
    """The superpixels of an indexed region, on whichever label map is asked for: bool (n,)."""
    indexed = label_maps.load(region.label_map)
    members = node_members(indexed.hierarchy.parents, region.node)
    if region.label_map_id == label_map.pk:
        return members
    today = label_maps.load(label_map)
    held = superpixel_areas(today.labels[members[indexed.labels]], label_map.n_superpixels)
    most: Members = 2 * held > today.areas
    return most


# Answers


@require_GET
def search(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """A search's answer, today: its address can be kept by whoever made it."""
    asked = own_search(person_of(request), search_id)
    form = AnswerForm(request.GET)
    if form.number == 1:
        return answer(request, asked)
    following = next_page(asked, person_of(request), form.number, form.given("kept"))
    context = {
        "search": asked,
        "photo": asked.label_map.photo,
        "answer": following,
        "in_place": wants_partial(request) and form.given("drawer"),
    }
    return render(request, "gallery/_hits.html" if wants_partial(request) else "gallery/search.html", context)


def answer(
    request: HtmxHttpRequest, asked: Search, template: str = "gallery/_drawer.html", pages: int = 1
) -> HttpResponse:
    """The drawer or its answer alone, or a page with the drawer in it: so many pages of hits at once."""
    in_place = wants_partial(request)
    context = {
        "search": asked,
        "photo": asked.label_map.photo,
        "answer": ask(asked, person_of(request), pages, from_page=1),
        # Controls of the address's own page are answered in place, too, but there is no drawer to close.
        "in_place": in_place and request.POST.get("page") != "search",
        "oob": in_place,
    }
    return render(request, template if in_place else "gallery/search.html", context)


@require_POST
def refine(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Ask with other options from now on."""
    asked = own_search(person_of(request), search_id)
    form = OptionsForm(request.POST)
    valid(form, 422, asked.get_absolute_url())
    asked.refine(form.options.to_json())
    if not wants_partial(request):
        return redirect(asked)
    # The controls are what the person has just set; only dropping filters changes them.
    whole = form.cleaned_data["drop_filters"]
    return answer(request, asked, "gallery/_drawer.html" if whole else "gallery/_answer.html")


@require_POST
def feedback(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Like or dislike a hit, take that back, or forget all that was said; the answer is ranked anew at once."""
    asked = own_search(person_of(request), search_id)
    form = FeedbackForm(request.POST)
    valid(form, 422, asked.get_absolute_url())
    if form.cleaned_data["forget"]:
        asked.feedback.all().delete()
    else:
        judge(person_of(request), asked, form.regions, liked=bool(form.cleaned_data["like"]))
    if not wants_partial(request):
        return redirect(asked)
    # Up to the last hit that the person had in view: whoever has scrolled down stays there.
    return answer(request, asked, "gallery/_answer.html", form.pages)


def judge(person: Person, asked: Search, keys: list[int], *, liked: bool) -> None:
    """Note what the person thinks of the regions of one hit."""
    regions = regions_of_one_image(person, keys)
    asked.judge(regions[0].image, [region.node for region in regions], liked=liked)


@require_GET
@immutable
def selection(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """What was searched for, as a small picture on a transparent background."""
    asked = own_search(person_of(request), search_id)
    png = preview_png(
        photos.working_copy(asked.label_map.photo),
        label_maps.load(asked.label_map).labels,
        asked.superpixels.included,
        background="transparent",
        crop=True,
        padding=0.05,
        long_side=SELECTION_SIDE,
    )
    return HttpResponse(png, content_type="image/png")


@require_GET
def choices(request: HttpRequest) -> HttpResponse:
    """The tags, licences and creators there are to filter by, the most frequent ones first."""
    images = GalleryImage.objects.visible_to(person_of(request)).order_by()

    def frequent(name: str) -> list[str]:
        counted = images.exclude(**{name: ""}).values(name).annotate(n=Count("pk")).order_by("-n", name)
        return list(counted.values_list(name, flat=True)[:MOST_CHOICES])

    among = Q(taggit_taggeditem_items__content_type__model="galleryimage") & Q(
        taggit_taggeditem_items__object_id__in=images.values("pk")
    )
    tags = Tag.objects.filter(among).annotate(n=Count("pk")).order_by("-n", "name")
    context = {
        "tags": list(tags.values_list("name", flat=True)[:MOST_CHOICES]),
        "licences": frequent("licence"),
        "creators": frequent("creator"),
    }
    return render(request, "gallery/_choices.html", context)


# The history


@require_GET
def searches(request: HttpRequest) -> HttpResponse:
    """What the person has searched for, the latest first."""
    mine = Search.objects.seen_by(person_of(request)).select_related("label_map__photo")
    judged = mine.annotate(n_judged=Count("feedback"))
    page = Paginator(judged.order_by("-last_asked", "pk"), SEARCHES_A_PAGE).get_page(PageForm(request.GET).number)
    for asked in page:
        asked.in_words = Options.from_json(asked.options).in_words
    return render(request, "gallery/searches.html", {"page": page})


@require_POST
def delete(request: HtmxHttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Forget a search: its address leads nowhere then."""
    own_search(person_of(request), search_id).delete()
    messages.success(request, "The search is deleted.")
    return redirect_to(request, reverse("gallery:searches"))
