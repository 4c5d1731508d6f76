"""Files that a browser sends one by one: an import whose source is somebody's page, open in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curating.importing.opening import Wanted
from curating.importing.running import recount
from curating.importing.taking import add_patiently
from curating.models import BulkTask, ImportItem
from curating.sources.common import why_left_out
from gallery.collection.importing import check_size
from selector.imaging.imagefile import InvalidImage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = ImportItem.State


def start_dropping(asked_by: User, n_files: int, wanted: Wanted | None = None) -> BulkTask:
    """An import of so many files that will follow one by one: see `take_dropped`."""
    options = (wanted or Wanted()).as_options()
    title = f"{n_files} file{'' if n_files == 1 else 's'}"
    task = BulkTask.objects.create(
        kind=BulkTask.Kind.IMPORT, title=title, options=options, asked_by=asked_by, total=n_files
    )
    task.begin()
    return task


def take_dropped(task: BulkTask, name: str, data: bytes) -> ImportItem:
    """Put a file into the collection; what became of it is on the row, never an error.

    The same name again is the same row: a browser that got no answer sends the file once more. The task is done when
    as many files have come as were announced.
    """
    path = name.replace("\0", "")[-1000:]
    item, _ = ImportItem.objects.get_or_create(task=task, path=path)
    if item.state == State.WAITING:
        reason = why_left_out(path.rpartition("/")[2], is_folder=False)
        try:
            if reason:
                item.settle(State.SKIPPED, reason=reason)
            else:
                check_size(len(data))
                add_patiently(item, data, Wanted.of(task))
        except InvalidImage as problem:
            item.settle(State.REFUSED, reason=str(problem))
    _count(task)
    return item


def _count(task: BulkTask) -> None:
    announced = task.total
    recount(task)
    task.total = max(announced, task.total)
    task.note_progress()
    if task.n >= task.total:
        task.finish()
