"""What an import would do: nothing is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings

from curating.importing.opening import Wanted, opened
from curating.importing.planning import items_of
from curating.models import BulkTask, ImportItem
from curating.sources import CannotRead, Source
from gallery.collection.importing import check_size
from gallery.models import GalleryImage
from selector.imaging.imagefile import InvalidImage, checked

State = ImportItem.State


def rehearse(wanted: Wanted, task: BulkTask) -> Iterator[ImportItem]:
    """The files of an import, with what would become of each, as far as their headers tell.

    Parameters
    ----------
    wanted : Wanted
    task : BulkTask
        Not stored; takes notices.

    Raises
    ------
    CannotOpen
        When the source cannot be used.
    """
    seen: set[bytes] = set()
    paths: set[str] = set()
    with opened(wanted) as source:
        for item in items_of(source, task):
            if item.path in paths:
                continue
            paths.add(item.path)
            if item.state == State.WAITING:
                _judge(item, source, seen)
            yield item


def _judge(item: ImportItem, source: Source, seen: set[bytes]) -> None:
    try:
        data = source.read(item.path, check_size)
        checked(data, settings.MAX_UPLOAD_BYTES, settings.MAX_UPLOAD_PIXELS)
    except (CannotRead, InvalidImage) as problem:
        item.state, item.reason = State.REFUSED, str(problem)
        return
    digest = hashlib.sha256(data)
    is_known = digest.digest() in seen or _is_in_collection(digest.hexdigest())
    seen.add(digest.digest())
    item.state = State.UPDATED if is_known and item.details else State.KNOWN if is_known else State.NEW


def _is_in_collection(sha256: str) -> bool:
    return GalleryImage.objects.curated().filter(photo__original_sha256=sha256).exists()
