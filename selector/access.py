"""Who may see and change what: each helper fetches one kind of thing for a person. Strangers get 404."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Literal

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404

from selector.models import Cut, LabelMap, Photo, Selection, SharedSelection
from selector.people import Person


class NoSuchLink(Http404):
    """A link is unknown or revoked; the answer does not tell which."""


def visible_photo(person: Person, photo_id: uuid.UUID) -> Photo:
    """A photo this person may look at and select on: public, or their own."""
    return get_object_or_404(Photo.objects.visible_to(person), pk=photo_id)


def visible_version(person: Person, photo_id: uuid.UUID, version: str) -> Photo:
    """A visible photo whose working copy is still the one that an address names."""
    photo = visible_photo(person, photo_id)
    if photo.version != version:
        raise Http404
    return photo


def full_size_for(person: Person, photo: Photo) -> Literal["", "pixels", "original"]:
    """What this person may have of a photo that they see beyond its working copy.

    The file that it came as, for its owner and for the curators of the public collection; all of its pixels, for
    everybody where the site says so; or nothing.
    """
    if photo.is_owned_by(person) or (photo.is_public and _curates(person)):
        return "original"
    return "pixels" if photo.is_public and settings.PUBLIC_ORIGINALS else ""


def _curates(person: Person) -> bool:
    # Who is no member of the staff has no permissions: looking for them would cost two questions.
    return person.user is not None and person.user.is_staff and person.user.has_perm("selector.download_original")


def own_photo(person: Person, photo_id: uuid.UUID) -> Photo:
    """A photo this person may change: their own, outside the public collection."""
    return get_object_or_404(Photo.objects.private_to(person), pk=photo_id)


def own_photos(person: Person, photo_ids: Iterable[uuid.UUID]) -> list[Photo]:
    """Photos this person may change; 404 when one of them is not."""
    keys = set(photo_ids)
    found = list(Photo.objects.private_to(person).filter(pk__in=keys))
    if len(found) < len(keys):
        raise Http404
    return found


def visible_label_map(person: Person, photo_id: uuid.UUID, label_map_id: int) -> LabelMap:
    """A label map together with its photo, by one query; the merge tree's bytes stay in the database."""
    found = LabelMap.objects.filter(photo__in=Photo.objects.visible_to(person), photo=photo_id)
    return get_object_or_404(found.select_related("photo").defer("hierarchy"), pk=label_map_id)


def own_selection(person: Person, selection_id: int) -> Selection:
    """What this person selected on a photo that they may still look at."""
    visible = Photo.objects.visible_to(person)
    mine = Selection.objects.owned_by(person).filter(label_map__photo__in=visible).select_related("label_map__photo")
    return get_object_or_404(mine.defer("label_map__hierarchy"), pk=selection_id)


def shared_selection(token: str) -> SharedSelection:
    """What a link shares, for anyone who has the link; `NoSuchLink` otherwise."""
    rows = SharedSelection.objects.with_token(token).select_related("label_map__photo").defer("label_map__hierarchy")
    found = rows.first()
    if found is None:
        raise NoSuchLink
    return found


def own_link(person: Person, link_id: int) -> SharedSelection:
    """A link this person made."""
    mine = SharedSelection.objects.owned_by(person).select_related("label_map__photo")
    return get_object_or_404(mine, pk=link_id)


def own_cut(person: Person, cut_id: uuid.UUID) -> Cut:
    """A detail that is being cut for this person."""
    return get_object_or_404(Cut.objects.owned_by(person).select_related("photo", "detail"), pk=cut_id)


def visible_source(person: Person, photo: Photo) -> Photo | None:
    """The photo that another is a detail of, if this person may look at it; None otherwise, or if it is gone."""
    source = photo.cut_from
    return source if source is not None and (source.is_public or source.is_owned_by(person)) else None
