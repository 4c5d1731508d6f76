"""An import from wherever it is to its end: for the worker, and for the command."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from django.conf import settings
from django.db.models import F

from curating.importing import parts
from curating.importing.opening import Wanted, opened
from curating.importing.planning import plan
from curating.importing.taking import take
from curating.jobs import CannotGoOn
from curating.models import BulkTask, ImportItem
from curating.sources import CannotOpen

ROWS_AT_ONCE = 200
State = ImportItem.State


def run(task: BulkTask) -> Generator[bool, None, None]:
    """Go on with an import; yields after each file."""
    wanted = Wanted.of(task)
    try:
        parts.join(task)
        with opened(wanted, task) as source:
            if not task.options.get("is_listed"):
                for _ in plan(task, source):
                    yield False
                task.remember(is_listed=True)
            recount(task)
            for item in waiting(task):
                take(item, source, wanted)
                count(task, item.state)
                yield True
    except CannotOpen as problem:
        raise CannotGoOn(str(problem)) from problem


def waiting(task: BulkTask) -> Iterator[ImportItem]:
    """The files that wait, each once, in their order."""
    last = 0
    while items := list(task.items.waiting().filter(pk__gt=last).order_by("pk")[:ROWS_AT_ONCE]):
        yield from items
        last = items[-1].pk


def recount(task: BulkTask) -> None:
    """Take the counts of a task from the rows of its files: what another process has counted may be lost."""
    counts = task.items.counts()
    task.total = sum(counts.values())
    task.done = counts[State.NEW] + counts[State.KNOWN] + counts[State.UPDATED]
    task.failed, task.skipped = counts[State.REFUSED], counts[State.SKIPPED]
    task.start_rate()


def count(task: BulkTask, state: str) -> None:
    """Count one more file by what became of it."""
    if state == State.REFUSED:
        task.failed += 1
    else:
        task.done += 1


def blame(task: BulkTask) -> bool:
    """Note that the process died that was taking a file: the first that waits. After some times it is refused."""
    item = task.items.waiting().order_by("pk").first()
    if item is None or not task.options.get("is_listed"):
        return False
    ImportItem.objects.filter(pk=item.pk).update(deaths=F("deaths") + 1)
    if item.deaths + 1 >= settings.JOB_ATTEMPTS:
        item.settle(State.REFUSED, reason="The process that reads it ends each time, for lack of memory perhaps.")
    return True
