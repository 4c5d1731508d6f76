"""An archive that a browser sends in parts, since no request is as large: they are stored, then put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.exports.streams import StreamedFile
from curating.importing.opening import Wanted
from curating.importing.starting import queue
from curating.models import BulkTask
from curating.sources import CannotOpen

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Of each part but the last; a request takes one.
PART_BYTES = 8 * 2**20
PIECE = 2**20


class WrongPart(Exception):
    """A part is not the one that comes there; its text is the sentence that says so."""


def start_parts(asked_by: User, name: str, n_bytes: int, wanted: Wanted | None = None) -> BulkTask:
    """An import of an archive of which so many bytes will follow in parts: see `take_part`."""
    options = (wanted or Wanted()).as_options() | {"is_sending": True, "n_bytes": n_bytes}
    title = name.rpartition("/")[2].replace("\0", "")[:200] or "Archive"
    task = BulkTask.objects.create(kind=BulkTask.Kind.IMPORT, title=title, options=options, asked_by=asked_by)
    task.begin()
    return task


def take_part(task: BulkTask, offset: int, part: File[bytes]) -> bool:
    """Store a part; whether it was the last, and the worker goes on. A part that comes again takes the same place.

    Raises
    ------
    WrongPart
    """
    n_bytes: int = task.options.get("n_bytes", 0)
    if offset % PART_BYTES or offset >= n_bytes or part.size != min(PART_BYTES, n_bytes - offset):
        raise WrongPart("That is no part of the archive as it was announced. Add it again.")
    name = _name(task, offset)
    default_storage.delete(name)
    default_storage.save(name, part)
    task.note_progress()
    if offset + part.size < n_bytes:
        return False
    _complete(task)
    return True


@transaction.atomic
def _complete(task: BulkTask) -> None:
    task.pause()
    task.remember(is_sending=False, is_in_parts=True)
    queue(task)


def join(task: BulkTask) -> None:
    """Put the parts of an archive together, where it has come in parts. It may be killed, and begins anew then.

    Raises
    ------
    CannotOpen
        When a part is missing.
    """
    if not task.options.get("is_in_parts"):
        return
    if not task.upload:
        try:
            archive = StreamedFile(_pieces(task), task.title)
            task.upload.save("upload.zip", archive, save=False)  # type: ignore[arg-type]
        except FileNotFoundError:
            raise CannotOpen("A part of the archive is missing from the storage: add it again.") from None
        BulkTask.objects.filter(pk=task.pk).update(upload=task.upload.name)
    task.remember(is_in_parts=False)
    drop(task)


def drop(task: BulkTask) -> None:
    """Delete the parts that there are of an archive."""
    for offset in _offsets(task):
        default_storage.delete(_name(task, offset))


def is_needed(task: BulkTask, file: str) -> bool:
    """Whether a stored file is a part that a task will need."""
    return task.is_open and file in (_name(task, offset) for offset in _offsets(task))


def _pieces(task: BulkTask) -> Iterator[bytes]:
    for offset in _offsets(task):
        with default_storage.open(_name(task, offset)) as part:
            yield from part.chunks(PIECE)


def _offsets(task: BulkTask) -> range:
    return range(0, task.options.get("n_bytes", 0), PART_BYTES)


def _name(task: BulkTask, offset: int) -> str:
    return f"bulk_tasks/{task.pk}/part-{offset:015d}"
