"""Details: a part of a large photo's original that becomes a photo of its own, cut by the worker."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence

from django.conf import settings
from django.db import transaction

from selector.imaging.imagefile import InvalidImage
from selector.imaging.turns import Box
from selector.models import Cut, Photo
from selector.people import Person
from selector.services import decoding
from selector.services.adoption import owner_now
from selector.services.photos import put_files, storing
from selector.services.quotas import NoRoomLeft, claim
from superpixel_site.file_names import CODE_POINTS, LETTERS, shortened
from superpixel_site.refusals import MISSING_FILE, Busy
from superpixel_site.stored_files import MissingFile, read

# Smaller working copies are as large as their originals: see `selector.imaging.imagefile.make_working_copy`.
LONG_SIDE = 1024
# By how much an original must be larger than its working copy, for a detail to show more.
WORTHWHILE = 1.5
# Of a detail, in pixels of the original.
SMALLEST_SIDE = 64
MOST_AT_ONCE = 10
SECONDS_BETWEEN_LOOKS = 1.0

GONE = "The photo that it is cut from is gone."
UNKNOWN = "It could not be cut. Try again; if that fails as well, tell whoever runs the site."


class TooManyCuts(Exception):
    """A person has asked for more details at once than the worker should have to cut."""


class NotWanted(Exception):
    """A cut has been cancelled, or its person is gone."""


# What can be cut


def is_large(photo: Photo) -> bool:
    """Whether details of a photo show more than the photo does."""
    if max(photo.width, photo.height) < LONG_SIDE:
        return False
    size = photo.original_size or _learned_size(photo)
    return size is not None and max(size) > WORTHWHILE * max(photo.width, photo.height)


def _learned_size(photo: Photo) -> tuple[int, int] | None:
    """The size of an original that was stored before sizes were; None where it cannot be read just now."""
    try:
        photo.original_width, photo.original_height = decoding.upright_size_of(read(photo.original))
    except (MissingFile, InvalidImage, Busy):
        return None
    known = {"original_width": photo.original_width, "original_height": photo.original_height}
    Photo.objects.filter(pk=photo.pk).update(**known)
    return photo.original_size


def largest_pixels() -> int:
    """How many pixels a detail may have: as many as any upload."""
    return int(settings.MAX_UPLOAD_PIXELS)


def place_on(source: Photo, box: Sequence[int] | None) -> Box | None:
    """Where a detail is on its source as that is turned now: left, top, width and height in pixels of the original."""
    if box is None or source.original_size is None:
        return None
    left, top, right, bottom = box
    x0, y0, x1, y1 = source.shown_box((left, top, right, bottom))
    return x0, y0, x1 - x0, y1 - y0


def left_behind(photos: Collection[Photo]) -> int:
    """How many details stay when some photos are deleted."""
    return Photo.objects.filter(cut_from__in=photos).exclude(pk__in=[photo.pk for photo in photos]).count()


# Asking for one


@transaction.atomic
def ask(person: Person, photo: Photo, shown: Box, defer: Callable[[Cut], None]) -> Cut:
    """Let the worker cut a detail, or give the cut of the same box that is under way.

    Parameters
    ----------
    person : Person
    photo : Photo
        Of which `is_large` is known to be true.
    shown : (x0, y0, x1, y1)
        In pixels of the original, as the photo is turned now.
    defer : callable
        Puts a cut in the worker's queue.

    Raises
    ------
    NoRoomLeft, TooManyCuts
        With the sentence to show.
    """
    # Locked: two requests at once are counted one after the other.
    owner = owner_now(person)
    claim(owner, 0)
    mine, box = Cut.objects.owned_by(owner).under_way(), list(photo.unturned_box(shown))
    if known := mine.filter(photo=photo, box=box, quarter_turns=photo.quarter_turns).first():
        return known
    if mine.count() >= MOST_AT_ONCE:
        raise TooManyCuts(f"{MOST_AT_ONCE} details are being cut for you already. Wait until one of them is ready.")
    cut = Cut.objects.create(photo=photo, box=box, quarter_turns=photo.quarter_turns, **owner.as_fields())
    defer(cut)
    return cut


# What the worker does


def make(cut_id: uuid.UUID) -> None:
    """Cut a detail and store it as a photo. May be killed at any moment, and begins anew.

    What is wrong with the picture or its owner's room is stored with the cut; other errors are raised.
    """
    cut = Cut.objects.select_related("photo", "owner").filter(pk=cut_id).first()
    if cut is None or not cut.begin():
        return
    try:
        _make(cut)
    except NotWanted:
        return
    except MissingFile:
        cut.give_up(MISSING_FILE)
    except (InvalidImage, NoRoomLeft) as problem:
        cut.give_up(str(problem))


def _make(cut: Cut) -> None:
    source = cut.photo
    if source is None:
        raise InvalidImage(GONE)
    # As the person saw it, whatever it has been turned since.
    source.quarter_turns = cut.quarter_turns
    x0, y0, x1, y1 = cut.box
    shown = source.shown_box((x0, y0, x1, y1))
    data = decoding.detail_of(read(source.original), shown, quarter_turns=cut.quarter_turns, stop=_until_cancelled(cut))
    copy = decoding.working_copy_of(data)
    detail = Photo(
        name=name_of_detail(source, copy.mime), cut_from=source, cut_box=cut.box, owner=cut.owner, visitor=cut.visitor
    )
    with storing(detail, len(data) + len(copy.jpeg)):
        if not cut.finish(detail):
            raise NotWanted
        put_files(detail, data, copy)


def _until_cancelled(cut: Cut, seconds: float = SECONDS_BETWEEN_LOOKS) -> Callable[[], None]:
    """Raises `NotWanted` when a cut has been cancelled; looks at the row now and then."""
    looked = time.monotonic()

    def stop() -> None:
        nonlocal looked
        if time.monotonic() > looked + seconds:
            looked = time.monotonic()
            if not cut.is_wanted():
                raise NotWanted

    return stop


def name_of_detail(source: Photo, mime: str) -> str:
    """For example ``"sheet, detail 2.jpg"``."""
    number = source.details.count() + 1
    ending = f", detail{f' {number}' if number > 1 else ''}.{'png' if mime == 'image/png' else 'jpg'}"
    stem = shortened(source.stem, LETTERS - len(ending), lambda text: len(text) <= CODE_POINTS - len(ending))
    return stem + ending


def delete_outdated() -> Iterator[None]:
    """Delete cuts that nobody looks at any more; details stay."""
    while keys := list(Cut.objects.outdated().values_list("pk", flat=True)[:200]):
        Cut.objects.filter(pk__in=keys).delete()
        yield
