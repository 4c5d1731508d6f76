"""An export as a bulk task: for the worker, and for the command."""

from __future__ import annotations

from collections.abc import Generator

from curating.jobs import CannotGoOn
from curating.keeping.places import CannotKeep, place_of, told
from curating.models import BulkTask
from curating.moving.exporting import Export

# Each turn begins with a look at all that is there, which takes its time in a bucket: so much is written in it then.
LEAST_OF_A_TURN = 500


def start_export(target: str) -> BulkTask:
    """The export to a folder or bucket, to be gone on with: one that has not come to its end, or a new one."""
    for known in BulkTask.objects.open().filter(kind=BulkTask.Kind.EXPORT, options__target=target):
        known.resume()
        return known
    return BulkTask.objects.create(kind=BulkTask.Kind.EXPORT, title=target[-200:], options={"target": target})


def run(task: BulkTask) -> Generator[bool, None, None]:
    """Go on with an export; yields after each file and each part of the index."""
    try:
        with told():
            export = Export(place_of(task.options["target"]))
            task.total, task.done, task.failed = export.total, 0, 0
            task.start_rate()
            n_written = 0
            for is_written in export.write():
                n_written += is_written
                task.done += 1
                yield is_written and n_written % LEAST_OF_A_TURN == 0
    except CannotKeep as problem:
        raise CannotGoOn(str(problem)) from problem
    task.failed = len(export.lost)
    task.done -= task.failed
    # Images may have come or gone meanwhile.
    task.total = task.n
    if export.lost:
        task.notices = f"Files that are missing from the storage: {len(export.lost)}, such as {export.lost[0]}."
