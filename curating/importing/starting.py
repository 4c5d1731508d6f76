"""Beginning an import: from a command, or from what a curator has uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files import File
from django.db import transaction

from curating import jobs
from curating.importing.opening import Wanted
from curating.models import BulkTask

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def start_import(wanted: Wanted, asked_by: User | None = None) -> BulkTask:
    """The import of a source, to be gone on with: one that has not come to its end, or a new one."""
    options = wanted.as_options()
    for known in BulkTask.objects.open().filter(kind=BulkTask.Kind.IMPORT, options__contains=options, upload=""):
        known.resume()
        # There may be more in it by now.
        known.remember(is_listed=False)
        return known
    title = Path(wanted.source.rstrip("/")).name or wanted.source
    return BulkTask.objects.create(kind=BulkTask.Kind.IMPORT, title=title[:200], options=options, asked_by=asked_by)


def start_from_upload(file: File[bytes], asked_by: User, wanted: Wanted | None = None) -> BulkTask:
    """Store a ZIP archive and let the worker import it.

    Parameters
    ----------
    file : File
        As it was uploaded, of any size; its name is the title.
    asked_by : User
    wanted : Wanted, optional
        Tags and licence for all images in it.
    """
    options = (wanted or Wanted()).as_options()
    title = (file.name or "").rpartition("/")[2][:200] or "Archive"
    task = BulkTask.objects.create(
        kind=BulkTask.Kind.IMPORT, state=BulkTask.State.PAUSED, title=title, options=options, asked_by=asked_by
    )
    try:
        task.upload.save("upload.zip", file)
    except BaseException:
        task.delete()
        raise
    queue(task)
    return task


@transaction.atomic
def queue(task: BulkTask) -> None:
    """Let the worker go on with a task."""
    task.resume()
    jobs.defer(task.pk)
