"""Taking a copy of the photo and selection that a link shares."""

from __future__ import annotations

from django.db import transaction

from selector.models import Photo, Selection, SharedSelection
from selector.people import Person
from selector.services import label_maps, photos


def open_copy(link: SharedSelection, person: Person) -> Photo:
    """The person's own copy of a shared photo and selection, made the first time they ask.

    A copy is independent of what it was made from: it stays when the link is revoked or the first photo deleted, and
    nothing done to it is seen there.

    Raises
    ------
    SharedSelection.DoesNotExist
        If the link has been revoked meanwhile.
    """
    with transaction.atomic():
        # Locked: a second press of the button finds the copy that the first one makes.
        locked = SharedSelection.objects.select_for_update(of=("self",)).select_related("label_map__photo")
        link = locked.get(pk=link.pk)
        known = copy_of(link, person)
        return known or _copy(link, person)


def copy_of(link: SharedSelection, person: Person) -> Photo | None:
    """The copy that the person has opened from a link already; None if there is none."""
    return Photo.objects.owned_by(person).filter(opened_from=link).first()


def _copy(link: SharedSelection, person: Person) -> Photo:
    """Store a copy of the photo, its label map and the shared state; to be called in a transaction."""
    photo = photos.copy_for(person, link.photo)
    try:
        label_map = label_maps.store_copy(photo, link.label_map)
    except BaseException:
        # The row goes with the transaction, the files have to be taken back.
        photos.delete_files(photo)
        raise
    Photo.objects.filter(pk=photo.pk).update(opened_from=link)
    Selection.objects.create(label_map=label_map, state=link.state, **person.as_fields())
    return photo
