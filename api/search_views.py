"""Searches of a person, by what they select, by images and by words; hits, and feedback on them."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import uuid

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from api.answers import answers, told
from api.auth import allowed_to
from api.idempotency import once
from api.paging import Paging, latest_first
from api.searches import Changes, Filters, HitsOut, NewSearch, OptionsIn, RegionIds, SearchesOut, SearchOut, read_cursor
from gallery.access import named_by, own_search, own_search_or_discarded, regions_of_one_image, visible_image
from gallery.models import GalleryImage, Search
from gallery.search.ask import ask, next_page
from gallery.search.by_words import find
from gallery.search.filter_choices import filter_choices
from gallery.search.regions import superpixels_of
from gallery.web.forms import LARGEST_KEY, SearchNameForm
from gallery.web.search_views import SELECT_FIRST, asking
from selector.access import visible_photo
from selector.models import LabelMap
from selector.people import Person, person_of
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps, selecting
from superpixel_site.refusals import Refusal, valid

router = Router(tags=["searches"])


class Wanted(Schema):
    """Which page of hits, and what to tell of them."""

    cursor: str = Field("", max_length=300, description="`next` of the page before; empty for the first.")
    masks: bool = Field(True, description="Tell what is outlined on hits, too.")


class WantedOfSearch(Wanted):
    """Whether the very thing is to be looked for, too."""

    check: bool = Field(
        False,
        description="Of the preset `thing`: put hits in order point by point. Ask again while `checking` says that it "
        "is not done.",
    )


class WantedOfWords(Wanted, Filters):
    """Words, filters, and which page of hits."""

    words: str = Field("", max_length=200, description="Without words: all that pass the filters, the latest first.")


class Choices(Schema):
    """What there is to filter by, the most frequent first."""

    tags: list[str]
    licences: list[str]
    creators: list[str]


class Verdict(Schema):
    """What you say of a hit."""

    liked: bool = Field(description="False: less like this one.")
    regions: RegionIds = Field(min_length=1, description="The `id` of the regions of the hit.")


class FeedbackOut(Schema):
    """What you have said of a hit."""

    image: int
    liked: bool
    nodes: list[int]


class FeedbacksOut(Schema):
    """What you have said of hits."""

    feedback: list[FeedbackOut]


@router.get("/searches", auth=allowed_to("read"), response=answers(SearchesOut, 422))
def searches(request: HttpRequest, paging: Query[Paging]) -> HttpResponse:
    """List your searches, the latest first."""
    mine = Search.objects.visible_to(person_of(request)).select_related("label_map__photo")
    page, following = latest_first(mine, paging, "last_asked")
    return told(request, SearchesOut(searches=[SearchOut.of(row) for row in page], next=following))


@router.post(
    "/searches", auth=allowed_to("write"), response=answers(SearchOut, 400, 404, 409, 410, 413, 422, 503, status=201)
)
@once
def new_search(request: HttpRequest, given: NewSearch) -> HttpResponse:
    """Search for what you have selected on a photo, or for an image, regions or a node of it.

    The search keeps what it is for, whatever you select later; its hits are read at `/searches/{id}/hits`.
    """
    person = person_of(request)
    label_map, state = _selected(person, given.photo) if given.photo else _of_image(person, given)
    with asking(request) as owner:
        search = Search.objects.find_or_create(owner, label_map, state, given.options().to_json())
    return told(request, SearchOut.of(search), 201, location=f"{request.path}/{search.pk}")


def _selected(person: Person, photo_id: uuid.UUID) -> tuple[LabelMap, bytes]:
    label_map = label_maps.get_or_compute(visible_photo(person, photo_id))
    chosen = selecting.selection_of(person, label_map)
    if not chosen.superpixels.included.any():
        raise Refusal(SELECT_FIRST, 422, "")
    return label_map, bytes(chosen.state)


def _of_image(person: Person, given: NewSearch) -> tuple[LabelMap, bytes]:
    image = visible_image(person, given.image or 0)
    label_map, members = superpixels_of(image, named_by(image, given.regions, given.node))
    return label_map, SuperpixelSelection.empty(len(members)).plus(members, "include").pack()


@router.get("/searches/choices", auth=allowed_to("read"), response=answers(Choices))
def choices(request: HttpRequest) -> HttpResponse:
    """List the tags, licences and creators that there are to filter by."""
    found = filter_choices(GalleryImage.objects.visible_to(person_of(request)))
    return told(request, Choices(tags=found.tags, licences=found.licences, creators=found.creators))


@router.get("/searches/{uuid:search_id}", auth=allowed_to("read"), response=answers(SearchOut, 404))
def search(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Read a search of yours."""
    return told(request, SearchOut.of(own_search(person_of(request), search_id)))


@router.patch("/searches/{uuid:search_id}", auth=allowed_to("write"), response=answers(SearchOut, 400, 404, 413, 422))
def change(request: HttpRequest, search_id: uuid.UUID, given: Changes) -> HttpResponse:
    """Name or pin a search of yours, or ask with other options from now on."""
    found = own_search(person_of(request), search_id)
    options = given.options.options() if given.options else None
    if given.name is not None:
        found.rename(valid(SearchNameForm({"name": given.name}), 422, "").cleaned_data["name"])
    if given.is_pinned is not None:
        found.pin(given.is_pinned)
    if options is not None:
        found.refine(options.to_json())
    return told(request, SearchOut.of(found))


@router.delete("/searches/{uuid:search_id}", auth=allowed_to("write"), response=answers(None, 404, status=204))
def delete(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Delete a search of yours; for a day it can be brought back."""
    own_search(person_of(request), search_id).discard()
    return HttpResponse(status=204)


@router.post(
    "/searches/{uuid:search_id}/bring-back", auth=allowed_to("write"), response=answers(SearchOut, 404, 409, 422)
)
@once
def bring_back(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Undo the deletion of a search."""
    person = person_of(request)
    own_search_or_discarded(person, search_id).bring_back()
    return told(request, SearchOut.of(own_search(person, search_id)))


@router.get("/searches/{uuid:search_id}/hits", auth=allowed_to("read"), response=answers(HitsOut, 404, 410, 422, 503))
def hits(request: HttpRequest, search_id: uuid.UUID, wanted: Query[WantedOfSearch]) -> HttpResponse:
    """Read the hits of a search, a page at a time, best first.

    Pages fit together whatever is added or deleted meanwhile.
    """
    person = person_of(request)
    found = own_search(person, search_id)
    page, kept = read_cursor(wanted.cursor)
    answer = next_page(found, person, page, kept) if page > 1 else ask(found, person, check=wanted.check)
    return told(request, HitsOut.of(answer, masks=wanted.masks))


@router.get("/hits", auth=allowed_to("read"), response=answers(HitsOut, 410, 422, 503))
def find_by_words(request: HttpRequest, wanted: Query[WantedOfWords]) -> HttpResponse:
    """Find images by words: by what is said of them, and by what they show. Nothing is kept of the search."""
    page, _ = read_cursor(wanted.cursor)
    given = OptionsIn(**{name: getattr(wanted, name) for name in ("words", *Filters.model_fields)})
    options = given.options()
    return told(request, HitsOut.of_words(find(options, person_of(request), page), masks=wanted.masks))


@router.get("/searches/{uuid:search_id}/feedback", auth=allowed_to("read"), response=answers(FeedbacksOut, 404))
def feedback(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Read which hits of a search you like or dislike."""
    rows = own_search(person_of(request), search_id).feedback.order_by("pk")
    given = [FeedbackOut(image=row.image_id, liked=row.liked, nodes=row.nodes) for row in rows]
    return told(request, FeedbacksOut(feedback=given))


@router.put(
    "/searches/{uuid:search_id}/feedback/{int:image_id}",
    auth=allowed_to("write"),
    response=answers(FeedbackOut, 400, 404, 413, 422),
)
def judge(request: HttpRequest, search_id: uuid.UUID, image_id: int, given: Verdict) -> HttpResponse:
    """Like or dislike a hit: the next answer is ranked by it."""
    person = person_of(request)
    found = own_search(person, search_id)
    regions = regions_of_one_image(person, given.regions)
    if regions[0].image_id != image_id:
        raise Http404
    row = found.judge(regions[0].image, [region.node for region in regions], liked=given.liked)
    return told(request, FeedbackOut(image=image_id, liked=row.liked, nodes=row.nodes))


@router.delete(
    "/searches/{uuid:search_id}/feedback/{int:image_id}",
    auth=allowed_to("write"),
    response=answers(None, 404, status=204),
)
def forget(request: HttpRequest, search_id: uuid.UUID, image_id: int) -> HttpResponse:
    """Take back what you have said of a hit."""
    found = own_search(person_of(request), search_id)
    if not 0 < image_id <= LARGEST_KEY or not found.feedback.filter(image=image_id).delete()[0]:
        raise Http404
    return HttpResponse(status=204)


@router.delete("/searches/{uuid:search_id}/feedback", auth=allowed_to("write"), response=answers(None, 404, status=204))
def forget_all(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Take back all that you have said of hits of a search."""
    own_search(person_of(request), search_id).feedback.all().delete()
    return HttpResponse(status=204)
