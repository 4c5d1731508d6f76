"""Clearing away what nobody needs any more: visitors who do not come back, and files without rows.

It is done a little at a time and may end at any moment: what is left over is found again the next time.
"""

from __future__ import annotations

import datetime
import logging
import time
import uuid
from collections.abc import Iterator

from django.db import transaction

from selector.models import Cut, FormerVisitor, Photo, Selection, SharedSelection, Visitor
from selector.services.storage_check import Comparison, compare, delete_orphans, prefixes
from selector.signals import forgotten

logger = logging.getLogger(__name__)

PHOTOS_AT_ONCE = 20
VISITORS_AT_ONCE = 500
LONG_AGO = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def forget_visitors() -> Iterator[None]:
    """Delete all that belongs to visitors who were not seen for as long as a session lives, some photos at a time.

    A generator: it may be left after any `yield`.
    """
    FormerVisitor.objects.gone().delete()
    gone = Visitor.objects.gone().order_by("pk").values_list("pk", flat=True)
    keys = list(gone[:VISITORS_AT_ONCE])
    while keys:
        for visitor in keys:
            while _forget_some(visitor):
                yield
            yield
        keys = list(gone.filter(pk__gt=keys[-1])[:VISITORS_AT_ONCE])


def forget_now(visitor: uuid.UUID, seconds: float) -> bool:
    """Delete all that belongs to a visitor who wants that, for as long as it may take; says whether all is gone.

    What is left goes with that of visitors who stay away.
    """
    end = time.monotonic() + seconds
    Visitor.objects.filter(pk=visitor).update(last_seen=LONG_AGO)
    while _forget_some(visitor):
        if time.monotonic() > end:
            return False
    return True


def _forget_some(visitor: uuid.UUID) -> bool:
    """Delete some photos of a visitor, or the last of their things; False when there is nothing more to delete."""
    with transaction.atomic():
        # Locked, and asked again each time: an upload waits, and a visitor who has come back keeps what is left.
        if Visitor.objects.gone().filter(pk=visitor).select_for_update().first() is None:
            return False
        some = Photo.objects.filter(visitor=visitor, is_public=False).order_by("pk").values("pk")[:PHOTOS_AT_ONCE]
        if Photo.objects.filter(pk__in=list(some.values_list("pk", flat=True))).delete()[0]:
            return True
        for model in (Selection, SharedSelection, Cut):
            model.objects.filter(visitor=visitor).delete()
        forgotten.send(Visitor, visitor=visitor)
        Visitor.objects.filter(pk=visitor).delete()
        return False


def delete_files_without_rows(first: int, seconds: float) -> int:
    """Delete files that no row names, and empty folders, for as long as it may take.

    Where most files have no rows, this is more likely the wrong database, or an old one, than the right one: all stay.

    Parameters
    ----------
    first : int
        With which photos to begin, as a number of two hexadecimal digits.
    seconds : float
        How long files may be looked through.

    Returns
    -------
    int
        With which ones to go on.
    """
    end = time.monotonic() + seconds
    found: list[Comparison] = []
    # From the first one on, then from the beginning.
    waiting = sorted(prefixes(), key=lambda prefix: (int(prefix, 16) < first, prefix))
    while waiting and time.monotonic() < end:
        found.append(compare(waiting.pop(0)))
    n_orphans = sum(len(part.orphans) for part in found)
    if 2 * n_orphans > sum(part.n_files for part in found):
        logger.warning("Most stored files (%s of those looked at) belong to no photo; see check_storage.", n_orphans)
    else:
        for part in found:
            delete_orphans(part)
    return int(waiting[0], 16) if waiting else 0
