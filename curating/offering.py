"""Offering photos to the public collection, and deciding about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction

from curating.models import Offer
from gallery.collection.importing import Details, add_public
from gallery.models import GalleryImage
from selector.models import Photo
from selector.people import Person
from selector.services.turning import turn
from superpixel_site.stored_files import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

# Of one person, at the same time.
MOST_WAITING = 20


class CannotOffer(Exception):
    """A photo cannot be offered; the sentence says why."""


class NotWaiting(Exception):
    """An offer is withdrawn, or somebody else has decided."""


@transaction.atomic
def offer(user: User, photo: Photo, details: Details) -> Offer:
    """Let a photo wait for a curator's decision.

    Raises
    ------
    CannotOffer
    """
    # Locked: of two at once the second sees what the first has made.
    get_user_model().objects.select_for_update().get(pk=user.pk)
    mine = Offer.objects.filter(owner=user)
    if problem := _why_not(mine, photo, details):
        raise CannotOffer(problem)
    return Offer.objects.create(owner=user, photo=photo, **_columns(details))


def _why_not(mine: Any, photo: Photo, details: Details) -> str:
    if photo.opened_from_id is not None:
        return "This is a copy of a photo that somebody has shared with you: only they can offer it."
    if mine.filter(photo=photo, state=Offer.State.WAITING).exists():
        return "This photo is offered already, and waits."
    if GalleryImage.objects.public().filter(photo__original_sha256=photo.original_sha256).exists():
        return "This very picture is in the public collection already."
    same = mine.filter(state=Offer.State.REJECTED, photo__original_sha256=photo.original_sha256, **_columns(details))
    if same.exists():
        return "It was not taken as it is: change what you say of it, or offer another photo."
    if mine.filter(state=Offer.State.WAITING).count() >= MOST_WAITING:
        return f"{MOST_WAITING} photos of yours wait already. Offer more when some of them are decided."
    return ""


def _columns(details: Details) -> dict[str, Any]:
    said = {name: getattr(details, name) for name in ("title", "description", "creator", "licence")}
    return said | {"tags": list(details.tags)}


def withdraw(user: User, photo: Photo) -> bool:
    """Take back an offer that waits; False when there is none."""
    n_deleted, _ = Offer.objects.filter(owner=user, photo=photo, state=Offer.State.WAITING).delete()
    return bool(n_deleted)


def approve(offered: Offer, decided_by: User) -> tuple[GalleryImage, bool]:
    """Put a copy of an offered photo into the public collection; the person's own stays theirs.

    Returns
    -------
    The image, and whether it is new: the same file may have come there in the meantime.

    Raises
    ------
    NotWaiting, InvalidImage, MissingFile
        Nothing has changed.
    """
    photo = offered.photo
    if photo is None:
        raise NotWaiting

    def settle(image: GalleryImage, is_new: bool) -> None:
        if not offered.approve(image, decided_by):
            raise NotWaiting

    # Under the title: how the person called the file is their own affair.
    image, is_new = add_public(read(photo.original), offered.title, offered.details, also=settle)
    if is_new and photo.quarter_turns:
        turn(image.photo, photo.quarter_turns)
    return image, is_new


def as_export(person: Person, name_of: Callable[[Photo], str]) -> list[dict[str, Any]]:
    """What a person has offered, for the file of all that is theirs."""
    if person.user is None:
        return []
    mine = Offer.objects.filter(owner=person.user).select_related("photo__gallery_image")
    return [
        _columns(row.details)
        | {
            "photo": name_of(row.photo) if row.photo else None,
            "offered": row.created,
            "state": row.get_state_display(),
            "reason": row.reason,
            "decided": row.decided,
            "image": row.image_id,
        }
        for row in mine
    ]
