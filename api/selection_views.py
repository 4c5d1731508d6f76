"""What a person selects on photos: reading it, writing it, and every gesture of the workspace."""

# Without postponed annotations: Ninja cannot resolve those of functions that are wrapped (`once`).
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from api.answers import answers, told
from api.auth import allowed_to
from api.idempotency import once
from api.masks import Rle, box_of
from api.paging import Paging, latest_first
from api.selections import CHANGED, NewGesture, NewSelection, SelectionOut, expected_revisions, revision_of
from selector.access import visible_photo
from selector.models import LabelMap, Photo, Selection
from selector.people import person_of
from selector.rendering.masks import region_mask
from selector.selection.selection import SuperpixelSelection
from selector.services import label_maps, selecting
from selector.services.objects import CannotBeDone
from selector.services.selecting import ChangedMeanwhile, Report, report_on
from superpixel_site.refusals import Refusal
from superpixel_site.stored_files import require

router = Router(tags=["selections"])
OUTSIDE = "That point lies outside the photo."


class Masks(Schema):
    """What an answer is to tell."""

    masks: bool = Field(True, description="Tell masks and the box, too.")


class SelectionsOut(Schema):
    """A page of selections, the latest first."""

    selections: list[SelectionOut]
    next: str | None = Field(description="The cursor of the next page; null after the last.")


class Anticipated(Schema):
    """The object that a gesture would find; nothing has changed."""

    found: bool
    superpixels: list[int] = []
    mask: Rle | None = None
    box: tuple[int, int, int, int] | None = None


@router.get("/selections", auth=allowed_to("read"), response=answers(SelectionsOut, 410, 422, 503))
def selections(request: HttpRequest, paging: Query[Paging]) -> HttpResponse:
    """List what you have selected, on all photos, the latest first. Masks are told of each by itself."""
    person = person_of(request)
    mine = Selection.objects.owned_by(person).filter(label_map__photo__in=Photo.objects.visible_to(person))
    page, following = latest_first(mine.select_related("label_map__photo"), paging, "updated")
    rows = [SelectionOut.of(report_on(row), masks=False) for row in page]
    return told(request, SelectionsOut(selections=rows, next=following))


@router.get(
    "/photos/{uuid:photo_id}/selection", auth=allowed_to("read"), response=answers(SelectionOut, 404, 410, 422, 503)
)
def selection(request: HttpRequest, photo_id: uuid.UUID, wanted: Query[Masks]) -> HttpResponse:
    """Read what you have selected on a photo; its ETag changes with it."""
    label_map = _label_map(request, photo_id)
    return _told(request, report_on(selecting.selection_of(person_of(request), label_map)), wanted)


@router.put(
    "/photos/{uuid:photo_id}/selection",
    auth=allowed_to("write"),
    response=answers(SelectionOut, 400, 404, 410, 412, 413, 422, 503),
)
def select(request: HttpRequest, photo_id: uuid.UUID, given: NewSelection, wanted: Query[Masks]) -> HttpResponse:
    """Select superpixels, what lies in a mask or polygon, or a node: one step, which can be undone.

    With `If-Match` only while the selection is as you have read it.
    """
    label_map = _label_map(request, photo_id)

    def made(before: SuperpixelSelection) -> SuperpixelSelection:
        return given.on(label_map, before)

    with _refused():
        expected = expected_revisions(request, label_map)
        _, row = selecting.change(person_of(request), label_map, made, expected)
    return _told(request, report_on(row), wanted)


@router.post(
    "/photos/{uuid:photo_id}/selection/gestures",
    auth=allowed_to("write"),
    response=answers(SelectionOut, 400, 404, 409, 410, 412, 413, 422, 503),
)
@once
def gesture(request: HttpRequest, photo_id: uuid.UUID, given: NewGesture, wanted: Query[Masks]) -> HttpResponse:
    """Make a gesture of the workspace: a click, stroke, lasso, box, an object, larger, undo ...

    With `If-Match` only while the selection is as you have read it.
    """
    label_map = _label_map(request, photo_id)
    with _refused():
        expected = expected_revisions(request, label_map)
        report = selecting.apply_gesture(person_of(request), label_map, given.as_gesture(), expected)
    return _told(request, report, wanted)


@router.post(
    "/photos/{uuid:photo_id}/selection/anticipated",
    auth=allowed_to("read"),
    response=answers(Anticipated, 400, 404, 410, 413, 422, 503),
)
def anticipated(request: HttpRequest, photo_id: uuid.UUID, given: NewGesture) -> HttpResponse:
    """Look at the object that a gesture of the object tool would find. Nothing changes."""
    label_map = _label_map(request, photo_id)
    with _refused():
        found = selecting.anticipated_object(person_of(request), label_map, given.as_gesture())
    if found is None:
        return told(request, Anticipated(found=False))
    mask = region_mask(label_maps.load(label_map).labels, found)
    numbers = found.nonzero()[0].tolist()
    return told(request, Anticipated(found=True, superpixels=numbers, mask=Rle.of(mask), box=box_of(mask)))


def _label_map(request: HttpRequest, photo_id: uuid.UUID) -> LabelMap:
    photo = visible_photo(person_of(request), photo_id)
    require(photo.working)
    return label_maps.get_or_compute(photo)


@contextmanager
def _refused() -> Iterator[None]:
    """Refuses what the block cannot do, with its sentence."""
    try:
        yield
    except ChangedMeanwhile:
        raise Refusal(CHANGED, 412, "") from None
    except CannotBeDone as problem:
        raise Refusal(str(problem), 422, "") from None
    except ValueError:
        raise Refusal(OUTSIDE, 422, "") from None


def _told(request: HttpRequest, report: Report, wanted: Masks) -> HttpResponse:
    etag = revision_of(report.selection)
    return told(request, SelectionOut.of(report, masks=wanted.masks), etag=etag)
