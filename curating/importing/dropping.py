"""Files that a browser sends one by one: an import whose source is somebody's page, open in front of them.

What is there is announced first, by names and sizes, so that nothing is sent that would not be taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from curating import manifests
from curating.importing.opening import Wanted
from curating.importing.running import recount
from curating.importing.taking import add_patiently
from curating.models import BulkTask, ImportItem
from curating.sources.common import Found, LeftOut, Sieve, tidy, why_left_out
from gallery.collection.importing import check_size
from selector.imaging.imagefile import InvalidImage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = ImportItem.State
LONGEST_PATH = 1000
ONLY_IN_ARCHIVES = "A manifest is read in a ZIP archive: put it there with the pictures."


def start_dropping(asked_by: User, n_files: int, wanted: Wanted | None = None) -> BulkTask:
    """An import of so many files that will follow one by one: see `take_dropped`."""
    options = (wanted or Wanted()).as_options() | {"is_sending": True}
    title = f"{n_files} file{'' if n_files == 1 else 's'}"
    task = BulkTask.objects.create(
        kind=BulkTask.Kind.IMPORT, title=title, options=options, asked_by=asked_by, total=n_files
    )
    task.begin()
    return task


def announce(task: BulkTask, files: Sequence[tuple[str, int]]) -> tuple[list[tuple[int, str]], list[ImportItem]]:
    """Say of files, by paths and sizes, which are to be sent and which are not: the latter is stored.

    Returns
    -------
    The numbers of those to send, from 0, each with the name to send it by; and rows of what is left out: files, or
    folders with all in them.
    """
    sieve = Sieve()
    wanted: list[tuple[int, str]] = []
    left_out: list[ImportItem] = []
    paths = unique(tidy(path) for path, _ in files)
    for number, (path, n_bytes) in enumerate(zip(paths, (n_bytes for _, n_bytes in files), strict=True)):
        for found in sieve.sort(path):
            item = _why_not(task, found, n_bytes)
            if item is None:
                wanted.append((number, path))
            else:
                left_out.append(item)
    ImportItem.objects.bulk_create(left_out, ignore_conflicts=True)
    task.total = len(wanted)
    _count(task, n_more=task.items.exclude(state=State.WAITING).count())
    return wanted, left_out


def _why_not(task: BulkTask, found: Found | LeftOut, n_bytes: int) -> ImportItem | None:
    """The row of what need not be sent, not stored yet; None for what may be an image."""
    path = _path(found.path)
    if isinstance(found, LeftOut):
        reason = ONLY_IN_ARCHIVES if manifests.is_manifest(found.path) else found.reason
        return ImportItem(task=task, path=path, state=State.SKIPPED, reason=reason)
    try:
        check_size(n_bytes)
    except InvalidImage as problem:
        return ImportItem(task=task, path=path, state=State.REFUSED, reason=str(problem))
    return None


def take_dropped(task: BulkTask, name: str, data: bytes) -> ImportItem:
    """Put a file into the collection; what became of it is on the row, never an error.

    The same name again is the same row: a browser that got no answer sends the file once more. The task is done when
    as many files have come as were announced.
    """
    path = _path(name)
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


def end_dropping(task: BulkTask) -> None:
    """Say that no more files will come: somebody has cancelled them, or they could not be sent."""
    task.items.waiting().delete()
    recount(task)
    task.finish()


def unique(paths: Iterable[str]) -> list[str]:
    """The same paths; of those that come again each gets a number, since a path is one row.

    Examples
    --------
    >>> unique(["a.jpg", "b.jpg", "a.jpg"])
    ['a.jpg', 'b.jpg', 'a (2).jpg']
    """
    given: set[str] = set()
    named = []
    for path in paths:
        stem, dot, suffix = path.rpartition(".")
        name, number = path, 1
        while name in given:
            number += 1
            name = f"{stem} ({number}).{suffix}" if dot else f"{path} ({number})"
        given.add(name)
        named.append(name)
    return named


def _path(name: str) -> str:
    return name.replace("\0", "")[-LONGEST_PATH:]


def _count(task: BulkTask, n_more: int = 0) -> None:
    announced = task.total + n_more
    recount(task)
    task.total = max(announced, task.total)
    task.note_progress()
    if task.n >= task.total:
        task.finish()
