"""Taking a copy of the photo and selection that a link shares."""

from __future__ import annotations

from django.db import transaction

from selector.models import LabelMap, Photo, Selection, SharedSelection
from selector.people import Person
from selector.services import label_maps, photos
from superpixel_site.stored_files import delete_unless_kept


def open_copy(link: SharedSelection, person: Person) -> Photo:
    """The person's own copy of a shared photo and selection, made the first time they ask.

    A copy is independent of what it was made from: it stays when the link is revoked or the first photo deleted, and
    nothing done to it is seen there.

    Raises
    ------
    SharedSelection.DoesNotExist
        If the link has been revoked meanwhile.
    NoRoomLeft
        With the sentence to show, when the person may keep no more.
    """
    copy: Photo | None = None
    label_map: LabelMap | None = None
    try:
        with transaction.atomic():
            # Locked: a second press of the button finds the copy that the first one makes.
            locked = SharedSelection.objects.select_for_update(of=("self",)).select_related("label_map__photo")
            link = locked.get(pk=link.pk)
            if known := copy_of(link, person):
                return known
            copy = photos.copy_for(person, link.photo)
            label_map = label_maps.store_copy(copy, link.label_map)
            Photo.objects.filter(pk=copy.pk).update(opened_from=link)
            Selection.objects.create(label_map=label_map, state=link.state, **person.as_fields())
    except BaseException:
        # The rows go with the transaction, the files have to be taken back: this function sees the end of both.
        if copy is not None:
            delete_unless_kept(copy, "original", "working")
        if label_map is not None:
            delete_unless_kept(label_map, "labels")
        raise
    return copy


def copy_of(link: SharedSelection, person: Person) -> Photo | None:
    """The copy that the person has opened from a link already; None if there is none."""
    return Photo.objects.owned_by(person).filter(opened_from=link).first()
