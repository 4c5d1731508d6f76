"""Clearing away what nobody needs any more: visitors who do not come back, and files without rows.

Each function is a generator that does a little at a time and may be left after any `yield`; what is left over is
found again the next time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db import transaction

from selector.models import Photo, Selection, SharedSelection, Visitor
from selector.services.storage_check import PREFIXES, compare, delete_orphans
from selector.signals import forgotten

PHOTOS_AT_ONCE = 20
VISITORS_AT_ONCE = 500


def forget_visitors() -> Iterator[None]:
    """Delete all that belongs to visitors who were not seen for as long as a session lives, some photos at a time."""
    gone = Visitor.objects.gone().order_by("pk").values_list("pk", flat=True)
    keys = list(gone[:VISITORS_AT_ONCE])
    while keys:
        for visitor in keys:
            while _forget_some(visitor):
                yield
            yield
        keys = list(gone.filter(pk__gt=keys[-1])[:VISITORS_AT_ONCE])


def _forget_some(visitor: uuid.UUID) -> bool:
    """Delete some photos of a visitor, or the last of their things; False when there is nothing more to delete."""
    with transaction.atomic():
        # Locked, and asked again each time: an upload waits, and a visitor who has come back keeps what is left.
        if Visitor.objects.gone().filter(pk=visitor).select_for_update().first() is None:
            return False
        some = Photo.objects.filter(visitor=visitor, is_public=False).order_by("pk").values("pk")[:PHOTOS_AT_ONCE]
        if Photo.objects.filter(pk__in=list(some.values_list("pk", flat=True))).delete()[0]:
            return True
        for model in (Selection, SharedSelection):
            model.objects.filter(visitor=visitor).delete()
        forgotten.send(Visitor, visitor=visitor)
        Visitor.objects.filter(pk=visitor).delete()
        return False


def delete_files_without_rows(first: int = 0) -> Iterator[int]:
    """Delete files that no row names, and empty folders, from one of `PREFIXES` on; yields the next one's place."""
    for step in range(len(PREFIXES)):
        place = (first + step) % len(PREFIXES)
        delete_orphans(compare(PREFIXES[place]))
        yield (place + 1) % len(PREFIXES)
