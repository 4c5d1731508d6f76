"""How much a person may keep here, and how much they do.

What counts is every byte in the storage: originals with whatever stands behind their pictures, working copies and label
maps. Sums are asked of the rows each time, so they cannot drift. Public photos count for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from selector.models import LabelMap, Photo, Visitor
from selector.people import Person

# From this share on, a person is told with each upload that reaches it.
NEAR = 0.8


class NoRoomLeft(Exception):
    """A person may keep no more; the sentence says what to do."""


@dataclass(frozen=True)
class Usage:
    """How much a person keeps, and how much they may; no limit is 0.

    Attributes
    ----------
    photos, most_photos : int
    n_bytes, most_bytes : int
    """

    photos: int
    n_bytes: int
    most_photos: int
    most_bytes: int

    @property
    def share(self) -> float:
        """The share that is used, of what is nearer to its end: 0 to 1, or more."""
        return max(_share(self.photos, self.most_photos), _share(self.n_bytes, self.most_bytes))

    @property
    def is_limited(self) -> bool:
        return bool(self.most_photos or self.most_bytes)

    @property
    def is_near(self) -> bool:
        """Whether the end is in sight."""
        return self.share >= NEAR

    @property
    def in_words(self) -> str:
        """For example ``"12 of 200 photos and 31 MB of 1 GB used"``."""
        parts = [f"{self.photos:,} of {_photos(self.most_photos)}"] if self.most_photos else []
        if self.most_bytes:
            parts.append(f"{readable(self.n_bytes)} of {readable(self.most_bytes)}")
        return f"{' and '.join(parts)} used"

    def plus(self, photos: int, n_bytes: int) -> Usage:
        """What it will be with so much more."""
        return Usage(self.photos + photos, self.n_bytes + n_bytes, self.most_photos, self.most_bytes)

    @property
    def excess(self) -> str:
        """Which limit is passed, in words; empty when none is."""
        if self.most_photos and self.photos > self.most_photos:
            return _photos(self.most_photos)
        return readable(self.most_bytes) if self.most_bytes and self.n_bytes > self.most_bytes else ""


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


def _share(used: int, most: int) -> float:
    return used / most if most else 0.0


def readable(n_bytes: int) -> str:
    """Bytes for people: whole megabytes, and gigabytes with at most one decimal.

    Examples
    --------
    >>> readable(300_000), readable(250 * 2**20), readable(2**30), readable(5 * 2**29)
    ('under 1 MB', '250 MB', '1 GB', '2.5 GB')
    """
    megabytes = n_bytes / 2**20
    if 0 < megabytes < 1:
        return "under 1 MB"
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB".replace(".0 ", " ")


def usage_of(person: Person) -> Usage:
    """How much a person keeps now."""
    mine = Photo.objects.private_to(person).order_by()
    stored = mine.aggregate(n=Count("pk"), n_bytes=Coalesce(Sum(F("original_bytes") + F("working_bytes")), 0))
    maps = LabelMap.objects.filter(photo__in=mine).aggregate(n_bytes=Coalesce(Sum("labels_bytes"), 0))
    most_photos, most_bytes = most_of(person)
    return Usage(stored["n"], int(stored["n_bytes"] + maps["n_bytes"]), most_photos, most_bytes)


def most_of(person: Person) -> tuple[int, int]:
    """How many photos and bytes a person may keep."""
    if person.user is not None:
        return settings.ACCOUNT_PHOTOS, settings.ACCOUNT_BYTES
    return settings.VISITOR_PHOTOS, settings.VISITOR_BYTES


def claim(person: Person, n_bytes: int) -> None:
    """Make sure that a person may keep one more photo of so many bytes, until the transaction ends.

    Two uploads of one person at once are counted one after the other.

    Raises
    ------
    NoRoomLeft
        With the sentence to show.
    """
    _lock(person)
    wanted = usage_of(person).plus(1, n_bytes)
    if wanted.excess:
        raise NoRoomLeft(_refusal(person, wanted.excess))


def notice(person: Person, photo: Photo) -> str:
    """What to say when a photo just stored has brought a person near to their limit; empty when it has not."""
    now = usage_of(person)
    before = now.plus(-1, -photo.original_bytes - photo.working_bytes)
    if not now.is_near or before.is_near:
        return ""
    return f"Your room here is {'nearly full' if now.share < 1 else 'full'}: {now.in_words}."


def _lock(person: Person) -> None:
    if person.user is not None:
        get_user_model().objects.select_for_update(no_key=True).get(pk=person.user.pk)
    elif person.visitor is not None:
        Visitor.objects.lock(person.visitor)


def _refusal(person: Person, most: str) -> str:
    if person.user is not None:
        return f"Your account holds {most} at most. Delete photos that you no longer need, then try again."
    return f"Without an account you can keep {most} at most. Delete photos, or sign in for more room."
