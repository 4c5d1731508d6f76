"""What a workspace offers beside selecting: the portion as a file, the original, links, details, and being found."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import datetime
import uuid
from typing import Any, Literal, Self

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Field, Query, Router, Schema

from api.answers import answers, told
from api.auth import allowed_to
from api.gallery_views import ImageOut
from api.idempotency import once
from gallery.collection.importing import collect
from gallery.models import GalleryImage
from gallery.web.forms import LARGEST_KEY
from library import jobs
from library.detail_views import cuttable_photo
from library.forms import DetailForm
from selector.access import own_cut, own_link, own_photo, visible_photo
from selector.models import Cut, SharedSelection
from selector.people import person_of
from selector.services import details
from selector.services.details import TooManyCuts
from selector.services.quotas import NoRoomLeft
from selector.web import picture_views
from selector.web.sharing_views import new_link
from superpixel_site.refusals import Refusal, valid

router = Router(tags=["workspace"])


def _file(what: str, *types: str) -> dict[str, Any]:
    """What an answer that is a file is, for the document."""
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in types}
    return {"responses": {200: {"description": what, "content": content}}}


class Portion(Schema):
    """How the selected portion is wanted."""

    background: Literal["white", "transparent", "dimmed", "matte"] = "white"
    crop: bool = Field(False, description="Only the box around what is selected.")
    size: Literal["working", "original"] = "working"


class LinkOut(Schema):
    """A link by which anybody who has it sees a photo and what was selected on it."""

    id: int
    created: datetime.datetime
    copies: int = Field(description="Photos that were opened from it.")


class NewLink(Schema):
    """A link that was made just now: its address is told this once."""

    id: int
    address: str


class LinksOut(Schema):
    """The links that you have made on a photo."""

    links: list[LinkOut]


class NewDetail(Schema):
    """A part of a large photo that is to become a photo of its own."""

    box: tuple[int, int, int, int] = Field(
        description="Left, top, right and bottom in pixels of the original, as the photo is turned.",
        examples=[[1000, 500, 3000, 2000]],
    )


class DetailOut(Schema):
    """A detail that is being cut, or has been."""

    id: uuid.UUID
    state: str = Field(description="waiting, working, ready or failed.")
    photo: uuid.UUID | None = Field(description="The detail, once it is there.")
    problem: str
    before: int = Field(description="How many others are cut before.")

    @classmethod
    def of(cls, cut: Cut) -> Self:
        """A detail as the interface tells it."""
        return cls(id=cut.pk, state=cut.state, photo=cut.detail_id, problem=cut.sentence, before=cut.n_before)


@router.get(
    "/photos/{uuid:photo_id}/portion",
    auth=allowed_to("read"),
    response=answers(None, 404, 410, 422),
    openapi_extra=_file("A PNG.", "image/png"),
)
def portion(request: HttpRequest, photo_id: uuid.UUID, wanted: Query[Portion]) -> HttpResponseBase:
    """Read what you have selected on a photo as a picture with a soft edge."""
    return picture_views.preview(request, photo_id)


@router.get(
    "/photos/{uuid:photo_id}/original",
    auth=allowed_to("read"),
    response=answers(None, 404, 410, 422),
    openapi_extra=_file("The file.", "*/*"),
)
def original(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponseBase:
    """Read the file that a photo of yours came as; of the public collection where the site lets you."""
    return picture_views.original(request, photo_id)


@router.put("/photos/{uuid:photo_id}/collection", auth=allowed_to("write"), response=answers(ImageOut, 404))
def find_it(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Let your searches find a photo of yours: it becomes an image of your own collection."""
    found = own_photo(person_of(request), photo_id)
    collect([found])
    return told(request, ImageOut.about(GalleryImage.objects.select_related("photo").get(photo=found)))


@router.delete("/photos/{uuid:photo_id}/collection", auth=allowed_to("write"), response=answers(None, 404, status=204))
def find_it_no_more(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Take a photo of yours out of your own collection; it stays a photo."""
    GalleryImage.objects.filter(photo=own_photo(person_of(request), photo_id)).delete()
    return HttpResponse(status=204)


@router.get("/photos/{uuid:photo_id}/links", auth=allowed_to("read"), response=answers(LinksOut, 404))
def links(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """List the links that you have made on a photo."""
    person = person_of(request)
    mine = SharedSelection.objects.owned_by(person).on(visible_photo(person, photo_id)).with_copies()
    rows: list[Any] = list(mine)
    listed = [LinkOut(id=row.pk, created=row.created, copies=row.n_copies) for row in rows]
    return told(request, LinksOut(links=listed))


@router.post(
    "/photos/{uuid:photo_id}/links", auth=allowed_to("write"), response=answers(NewLink, 404, 409, 410, 422, status=201)
)
@once
def share(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Make a link to what you have selected on a photo, as it is now."""
    person = person_of(request)
    link, token = new_link(person, visible_photo(person, photo_id), "")
    address = request.build_absolute_uri(reverse("selector:shared", args=[token]))
    return told(request, NewLink(id=link.pk, address=address), 201)


@router.delete("/links/{int:link_id}", auth=allowed_to("write"), response=answers(None, 404, status=204))
def revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    """End a link: it opens nothing any more."""
    own_link(person_of(request), min(link_id, LARGEST_KEY)).delete()
    return HttpResponse(status=204)


@router.post(
    "/photos/{uuid:photo_id}/details",
    auth=allowed_to("write"),
    response=answers(DetailOut, 404, 409, 413, 415, 422, status=202),
)
@once
def cut(request: HttpRequest, photo_id: uuid.UUID, given: NewDetail) -> HttpResponse:
    """Let a part of a large photo become a photo of its own, in all its pixels: the worker cuts it."""
    found = cuttable_photo(person_of(request), photo_id)
    left, top, right, bottom = given.box
    posted = QueryDict(mutable=True)
    box = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    posted.update({"version": found.version, **{name: str(pixels) for name, pixels in box.items()}})
    form = valid(DetailForm(posted, found.original_size or (0, 0), details.largest_pixels()), 422, "")
    try:
        made = details.ask(person_of(request), found, form.box, jobs.defer)
    except (NoRoomLeft, TooManyCuts) as problem:
        raise Refusal(str(problem), 409, "") from problem
    return told(request, DetailOut.of(made), 202, location=f"/api/v1/details/{made.pk}")


@router.get("/details/{uuid:cut_id}", auth=allowed_to("read"), response=answers(DetailOut, 404))
def detail(request: HttpRequest, cut_id: uuid.UUID) -> HttpResponse:
    """Read how far a detail is, and which photo it has become."""
    return told(request, DetailOut.of(own_cut(person_of(request), cut_id)))


@router.delete("/details/{uuid:cut_id}", auth=allowed_to("write"), response=answers(None, 404, 409, status=204))
def cancel(request: HttpRequest, cut_id: uuid.UUID) -> HttpResponse:
    """Stop cutting a detail; one that is there already is a photo, to be deleted as such."""
    found = own_cut(person_of(request), cut_id)
    if found.detail is not None:
        raise Refusal("That detail is there already.", 409, "")
    found.delete()
    return HttpResponse(status=204)
