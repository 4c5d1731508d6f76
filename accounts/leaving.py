"""Deleting an account, or all that a visitor has, with everything that names it.

An account is closed first: nobody can sign in to it, and all its sessions and links have ended. Then it is deleted some
photos at a time, and at last with all else. That may be stopped at any moment; the worker goes on with it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from taggit.models import Tag

from accounts import sessions
from accounts.models import Departure, Export
from gallery import jobs
from gallery.models import Clearing, GalleryImage, Search
from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import Person
from selector.services.clearing import forget_now
from superpixel_site import shared_cache

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PHOTOS_AT_ONCE = 20
# How long a person waits for the page that says so; what is left by then the worker deletes.
SECONDS = 5.0


@dataclass(frozen=True)
class Belongings:
    """How many things of each kind a person has."""

    selections: int
    searches: int
    links: int
    images: int


def belongings_of(person: Person) -> Belongings:
    """What goes along when a person leaves, besides photos."""
    return Belongings(
        selections=Selection.objects.owned_by(person).count(),
        searches=Search.objects.owned_by(person).kept().count(),
        links=SharedSelection.objects.owned_by(person).count(),
        images=GalleryImage.objects.owned_by(person).count(),
    )


def leave(user: User) -> bool:
    """Close an account and delete it; False when the worker has to finish that."""
    _close(user)
    end = time.monotonic() + SECONDS
    while _delete_some(user.pk):
        if time.monotonic() > end:
            Clearing.hurry()
            return False
    return True


def forget(visitor: uuid.UUID) -> bool:
    """Delete all that is a visitor's; False when the worker has to finish that."""
    _forget_photos_in_log(list(Photo.objects.filter(visitor=visitor).values_list("pk", flat=True)))
    is_done = forget_now(visitor, SECONDS)
    _delete_what_nothing_needs()
    if not is_done:
        Clearing.hurry()
    return is_done


def delete_closed() -> Iterator[None]:
    """Go on deleting accounts that are closed. A generator: it may be left after any `yield`."""
    for user_id in Departure.objects.order_by("created").values_list("pk", flat=True):
        while _delete_some(user_id):
            yield


@transaction.atomic
def _close(user: User) -> None:
    """Let nobody use an account any more, and nobody else use what it has shared."""
    # Locked: an upload that has begun is finished first, and is deleted with the rest.
    account = get_user_model().objects.select_for_update().get(pk=user.pk)
    account.is_active = account.is_staff = account.is_superuser = False
    account.set_unusable_password()
    account.save(update_fields=["is_active", "is_staff", "is_superuser", "password"])
    Departure.objects.get_or_create(user=account)
    sessions.end(list(UserSession.objects.filter(user=account)))
    SharedSelection.objects.filter(owner=account).delete()
    Export.objects.filter(owner=account).delete()
    # The collection is everybody's: what a curator has added to it stays, without a name.
    Photo.objects.filter(owner=account, is_public=True).update(owner=None)


@transaction.atomic
def _delete_some(user_id: int) -> bool:
    """Delete some photos of a closed account, or the last of it; False when there is nothing more to delete."""
    # Of two that do this at once, the second leaves it to the first.
    known = Departure.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=user_id)
    if not known:
        return False
    account = get_user_model().objects.select_for_update().get(pk=user_id)
    some = Photo.objects.filter(owner=account).order_by("pk").values_list("pk", flat=True)[:PHOTOS_AT_ONCE]
    if keys := list(some):
        _forget_photos_in_log(keys)
        Photo.objects.filter(pk__in=keys).delete()
        return True
    _delete_rest(account)
    return False


def _forget_photos_in_log(keys: list[uuid.UUID]) -> None:
    """Delete what the administration has noted about photos and what hangs on them."""
    for model, rows in (
        (GalleryImage, GalleryImage.objects.filter(photo__in=keys)),
        (LabelMap, LabelMap.objects.filter(photo__in=keys)),
        (Search, Search.objects.filter(label_map__photo__in=keys)),
        (SharedSelection, SharedSelection.objects.filter(label_map__photo__in=keys)),
    ):
        _forget_in_log(model, rows.values_list("pk", flat=True))
    _forget_in_log(Photo, keys)


def _delete_rest(account: User) -> None:
    """Delete the row of an account with all that refers to it, and what names it without referring to it."""
    for model in (Search, SharedSelection):
        _forget_in_log(model, model._default_manager.filter(owner=account).values_list("pk", flat=True))
    for model in (EmailAddress, Authenticator, UserSession):
        _forget_in_log(model, model._default_manager.filter(user=account).values_list("pk", flat=True))
    _forget_in_log(type(account), [account.pk])
    shared_cache.delete_ending_with([f"user:{account.pk}", *_hashes_of_names(account)])
    account.delete()
    _delete_what_nothing_needs()


def _forget_in_log(model: type[models.Model], keys: Iterable[object]) -> None:
    """Delete what the administration has noted about some rows."""
    kind = ContentType.objects.get_for_model(model)
    LogEntry.objects.filter(content_type=kind, object_id__in=[str(key) for key in keys]).delete()


def _hashes_of_names(account: User) -> list[str]:
    """As allauth counts attempts by a name or an address."""
    addresses = EmailAddress.objects.filter(user=account).values_list("email", flat=True)
    names = {account.get_username(), account.email, *addresses}
    return [hashlib.sha256(name.lower().encode()).hexdigest() for name in names if name]


def _delete_what_nothing_needs() -> None:
    """Delete tags that no image has any more, and jobs for what is gone."""
    Tag.objects.filter(taggit_taggeditem_items=None).delete()
    for _ in jobs.delete_pointless():
        pass
