"""The collection: fetch with permission, validate, call one thing, render."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from gallery.access import visible_image, visible_region, with_node
from gallery.index.region_highlights import cut_out, exact_highlight, node_highlight, thumbnail_highlight
from gallery.models import IndexedRegion, Search
from gallery.search.chips import fields_of
from gallery.search.regions import covers_all
from gallery.search.shelf import SORTS, shelf_of
from gallery.web.drawn_points import points_in
from gallery.web.forms import DetailsForm, HighlightForm, ShelfForm
from selector.access import full_size_for
from selector.people import person_of
from superpixel_site.htmx import HtmxHttpRequest, wants_partial
from superpixel_site.responses import kept, render_partial_or_page
from superpixel_site.stored_files import is_there


@require_GET
def gallery(request: HtmxHttpRequest) -> HttpResponse:
    """The public collection and the person's own."""
    form = ShelfForm(request.GET)
    is_more = bool(form.given("more"))
    shelf = shelf_of(form.options, form.sorting, person_of(request), form.number, is_more=is_more)
    context = {
        "shelf": shelf,
        "page": shelf.page,
        "options": form.options,
        "kept": fields_of(form.options),
        "sort": form.sorting,
        "sorts": SORTS,
    }
    template = "gallery/_shelf_images.html" if is_more else "gallery/_gallery_grid.html"
    return render_partial_or_page(request, template, "gallery/gallery.html", context)


@require_GET
def details(request: HtmxHttpRequest, image_id: int) -> HttpResponse:
    """All that is known about an image: what a dialog holds when htmx asks, a page otherwise."""
    person = person_of(request)
    image = visible_image(person, image_id)
    form = DetailsForm(request.GET)
    regions, node = image.own_regions(form.given("region") or []), form.given("node")
    search = Search.objects.visible_to(person).filter(pk=form.given("search")).first()
    context = {
        "image": image,
        "search": search,
        "judged": search.judgement_of(image) if search else "",
        "is_whole": covers_all(image, regions, node),
        "is_missing": not is_there(image.photo.working),
        "regions": regions,
        "node": node,
        "is_own": not image.photo.is_public and image.photo.is_owned_by(person),
        "full_size": full_size_for(person, image.photo),
        "in_drawer": wants_partial(request) and form.given("drawer"),
        "points": points_in(search, image) if search else None,
    }
    return render_partial_or_page(request, "gallery/_details.html", "gallery/details.html", context)


@require_GET
def highlight(request: HttpRequest, region_id: int) -> HttpResponseBase:
    """Where a hit matched, to lie over its thumbnail. A region is never changed, only replaced by another.

    Where several parts matched, the other regions are named in the query: one picture shows all of them. Or it names
    another node of the same tree, which is drawn instead.
    """
    region = visible_region(person_of(request), region_id)
    form = HighlightForm(request.GET)
    draw = partial(drawn_highlight, region, form.given("also"), form.given("node"), full=bool(form.given("full")))
    is_public = region.image.photo.is_public
    return kept(request, lambda: HttpResponse(draw(), content_type="image/png"), is_public=is_public)


def drawn_highlight(region: IndexedRegion, also: list[int] | None, node: int | None, *, full: bool) -> bytes:
    """The PNG of a region with others of its image, or of a node in its place, as large as the photo if `full`."""
    if node is not None:
        chosen = with_node(region, node)
        return exact_highlight([chosen]) if full else node_highlight(chosen)
    matched = [region, *(region.image.regions.filter(pk__in=also) if also else ())]
    return exact_highlight(matched) if full else thumbnail_highlight(matched)


@require_GET
def part(request: HttpRequest, region_id: int) -> HttpResponseBase:
    """A region, or another node of the same tree, as a small picture on a transparent background."""
    region = visible_region(person_of(request), region_id)
    node = HighlightForm(request.GET).given("node")
    chosen = region if node is None else with_node(region, node)
    is_public = region.image.photo.is_public
    return kept(request, lambda: HttpResponse(cut_out(chosen), content_type="image/png"), is_public=is_public)
