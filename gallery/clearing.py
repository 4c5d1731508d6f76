"""What the worker clears away, a little at a time: what nobody needs any more, never anything of an account."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from gallery import jobs
from gallery.models import Clearing, IndexedRegion, KeptRanking, PhotoFeatures, Search
from selector.models import LabelMap
from selector.services.clearing import delete_files_without_rows, forget_visitors
from selector.services.label_maps import todays_key
from superpixel_site import shared_cache

logger = logging.getLogger(__name__)

# So long at most, for rows and for files: other rounds of the worker, and its end, wait for this.
SECONDS = 10.0
ROWS_AT_ONCE = 200
# A page that was opened before the settings changed may still be in use.
NEW = datetime.timedelta(days=1)


def clear_away() -> None:
    """Clear away, if that is due: once an hour, whatever the number of workers, and sooner where much is left."""
    clearing = Clearing.claim()
    if clearing is None:
        return
    is_done = _clear_rows(time.monotonic() + SECONDS)
    try:
        clearing.next_part = delete_files_without_rows(clearing.next_part, SECONDS)
    except Exception:
        logger.exception("Looking for files without rows failed; it is tried again in an hour.")
    clearing.finish(is_done=is_done)


def _clear_rows(end: float) -> bool:
    """Delete the rows that nobody needs, until a moment of the clock; says whether all are gone."""
    for steps in ROWS:
        try:
            if any(time.monotonic() > end for _ in steps()):
                return False
        except Exception:
            # The other kinds go on.
            logger.exception("Clearing away failed; it is tried again in an hour.")
    return True


def unneeded_label_maps() -> QuerySet[LabelMap]:
    """Label maps of other days' settings on which nothing is selected, shared, searched for or indexed."""
    of_today = {"working_sha256": F("photo__working_sha256"), **todays_key()}
    others = LabelMap.objects.filter(created__lt=timezone.now() - NEW).exclude(**of_today)
    unused = others.filter(selections=None, shared_selections=None, searches=None)
    return unused.exclude(Exists(IndexedRegion.objects.filter(label_map=OuterRef("pk"))))


def delete_unneeded_label_maps() -> Iterator[None]:
    last = 0
    while keys := _keys(unneeded_label_maps().filter(pk__gt=last)):
        with transaction.atomic():
            # Locked before they are looked at again: nothing can be selected on them meanwhile.
            list(LabelMap.objects.filter(pk__in=keys).select_for_update(of=("self",)).values_list("pk"))
            unneeded_label_maps().filter(pk__in=keys).delete()
        last = keys[-1]
        yield


def delete_outdated_rankings() -> Iterator[None]:
    while keys := _keys(KeptRanking.objects.outdated()):
        KeptRanking.objects.filter(pk__in=keys).delete()
        yield


def delete_discarded_searches() -> Iterator[None]:
    while keys := list(Search.objects.outdated().values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        Search.objects.filter(pk__in=keys).delete()
        yield


def delete_outdated_features() -> Iterator[None]:
    while keys := _keys(PhotoFeatures.objects.outdated()):
        PhotoFeatures.objects.filter(pk__in=keys).delete()
        yield


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])


def clear_sessions() -> Iterator[None]:
    """Delete sessions that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    yield


def clear_cache() -> Iterator[None]:
    """Delete what the cache no longer answers with."""
    shared_cache.delete_expired()
    yield


# Rows that nobody needs, deleted with their files; each step is short. Apps above add theirs.
ROWS: list[Callable[[], Iterator[None]]] = [
    forget_visitors,
    delete_discarded_searches,
    delete_unneeded_label_maps,
    delete_outdated_rankings,
    delete_outdated_features,
    clear_sessions,
    clear_cache,
    jobs.delete_pointless,
]


def add(*steps: Callable[[], Iterator[None]]) -> None:
    """Clear away more, before all else; adding the same twice does it once."""
    ROWS[:0] = [step for step in steps if step not in ROWS]
