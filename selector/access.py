"""Who may see and change what: each helper fetches one kind of thing for a person, strangers get 404."""

from __future__ import annotations

import uuid

from django.forms import Form
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import person_of


def visible_photo(request: HttpRequest, photo_id: uuid.UUID) -> Photo:
    """A photo this person may look at and select on: public, or their own. Strangers get 404."""
    photo: Photo = get_object_or_404(Photo.objects.visible_to(person_of(request)), pk=photo_id)
    return photo


def own_photo(request: HttpRequest, photo_id: uuid.UUID) -> Photo:
    """A photo this person may change: their own, outside the public collection. Strangers get 404."""
    photo: Photo = get_object_or_404(Photo.objects.private_to(person_of(request)), pk=photo_id)
    return photo


def visible_label_map(request: HttpRequest, photo_id: uuid.UUID, label_map_id: int) -> LabelMap:
    """A label map together with its photo, by one query; the merge tree's bytes stay in the database."""
    found = LabelMap.objects.filter(photo__in=Photo.objects.visible_to(person_of(request)), photo=photo_id)
    return get_object_or_404(found.select_related("photo").defer("hierarchy"), pk=label_map_id)


def own_selection(request: HttpRequest, selection_id: int) -> Selection:
    """What this person selected on some photo. Strangers get 404."""
    mine = Selection.objects.owned_by(person_of(request)).select_related("label_map__photo")
    selection: Selection = get_object_or_404(mine.defer("label_map__hierarchy"), pk=selection_id)
    return selection


def shown_label_map(request: HttpRequest, photo_id: uuid.UUID, form: Form) -> LabelMap | None:
    """The label map that a page was made with; None when the photo has got another one since."""
    try:
        return visible_label_map(request, photo_id, form.cleaned_data["label_map"])
    except Http404:
        visible_photo(request, photo_id)
        return None


def photo_at(request: HttpRequest, photo_id: uuid.UUID, version: str) -> Photo:
    """A visible photo whose working copy is still the one the address names."""
    photo = visible_photo(request, photo_id)
    if photo.version != version:
        raise Http404
    return photo


class NoSuchLink(Http404):
    """Unknown or revoked: nobody can tell which."""


def shared_selection(token: str) -> SharedSelection:
    """What a link shares, to whoever has it."""
    rows = SharedSelection.objects.with_token(token).select_related("label_map__photo").defer("label_map__hierarchy")
    found: SharedSelection | None = rows.first()
    if found is None:
        raise NoSuchLink
    return found


def own_link(request: HttpRequest, link_id: int) -> SharedSelection:
    """A link this person made. Strangers get 404."""
    mine = SharedSelection.objects.owned_by(person_of(request)).select_related("label_map__photo")
    link: SharedSelection = get_object_or_404(mine, pk=link_id)
    return link
