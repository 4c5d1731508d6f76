"""Bulk tasks that a command carries out in its own process, while the pages of curators show how far they are."""

from __future__ import annotations

from django.core.management.base import CommandError

from curating import jobs
from curating.models import BulkTask
from gallery.management.progress import bar


def carry_out(task: BulkTask, what: str) -> None:
    """Go on with a task to its end, or until somebody pauses or cancels it; afterwards the row is read anew.

    Parameters
    ----------
    task : BulkTask
    what : str
        What its bar counts: " images", say.

    Raises
    ------
    CommandError
        When it cannot be done.
    """
    if not task.begin():
        raise CommandError("Somebody has just stopped this task.")
    with bar(0, what) as progress:

        def tick() -> None:
            progress.total = task.total
            progress.update(task.n - progress.n)

        try:
            jobs.go_on(task, tick=tick)
        except jobs.CannotGoOn as problem:
            task.give_up(str(problem))
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            task.pause()
            raise
        except Exception as problem:
            task.give_up(jobs.sentence_about(problem))
            raise
    task.refresh_from_db()


def check_end(task: BulkTask) -> None:
    """Raise a `CommandError` when a task was not finished."""
    if task.state != BulkTask.State.DONE:
        raise CommandError(f"It was not finished here: it is {task.get_state_display()}.")
