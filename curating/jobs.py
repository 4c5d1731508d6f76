"""What the worker runs for curators: bulk tasks, a turn at a time, so that none keeps the others waiting for hours.

The name of the task is stored in the queue, and stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app

from curating.models import BulkTask
from gallery import jobs
from gallery.index.indexing_process import ProcessDied

RUN_BULK_TASK = "curating.run_bulk_task"
jobs.NAMED_ROWS[RUN_BULK_TASK] = ("task_id", BulkTask)
# What else takes minutes waits so long at most, for each task that is under way.
SECONDS_OF_A_TURN = 30.0
SECONDS_BETWEEN_NOTES = 1.0


class CannotGoOn(Exception):
    """A task cannot be done, however often it is tried; its text is the sentence that says why."""


@dataclass(frozen=True)
class Work:
    """How tasks of a kind are done.

    Attributes
    ----------
    run : callable
        Goes on with a task: yields after each piece, and may be left after any. It keeps the counts of the task up to
        date, and says in rows what is done, so that another process can go on from there. What it yields says whether
        the next turn goes on from here; where it would have to begin again, this one takes longer.
    blame : callable
        Told that the process died that ran it. Notes that on what it was doing; False if it cannot tell what that was.
    """

    run: Callable[[BulkTask], Generator[bool, None, None]]
    blame: Callable[[BulkTask], bool] = lambda task: False


# By kinds; `apps.py` fills it.
WORKS: dict[str, Work] = {}


@app.task(name=RUN_BULK_TASK, queue=jobs.LONG_QUEUE, pass_context=True, retry=jobs.WhenTold())
def run_bulk_task(context: JobContext, task_id: str) -> None:
    """Go on with a task for a turn, in a child process, and queue the next one.

    What fails JOB_ATTEMPTS times in a row is given up.
    """
    key = int(task_id)
    try:
        if jobs.processes_of(context).run(take_turn, key):
            defer(key)
    except CannotGoOn as problem:
        BulkTask(pk=key).give_up(str(problem))
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if isinstance(problem, ProcessDied) and _blame(key):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if context.job.attempts + 1 < settings.JOB_ATTEMPTS:
            raise jobs.TryAgain(jobs.pause_after(context.job.attempts)) from problem
        BulkTask(pk=key).give_up(sentence_about(problem))
        raise
    finally:
        connection.close()


def defer(task_id: int) -> None:
    """Queue a task to be gone on with, unless it is queued already."""
    jobs.defer_long(RUN_BULK_TASK, str(task_id), task_id=str(task_id))


def take_turn(task_id: int) -> bool:
    """In the child process: go on with a task for a while; whether there is more to do."""
    task = BulkTask.objects.filter(pk=task_id).first()
    return task is not None and task.begin() and go_on(task, time.monotonic() + SECONDS_OF_A_TURN)


def go_on(task: BulkTask, end: float = float("inf"), tick: Callable[[], object] = lambda: None) -> bool:
    """Go on with a task whose turn has begun, to its end, or until a moment of the clock.

    Parameters
    ----------
    task : BulkTask
    end : float
        As `time.monotonic` counts.
    tick : callable
        Called after each piece.

    Returns
    -------
    bool
        Whether there is more to do, and nobody has stopped it.
    """
    noted = time.monotonic()
    with closing(WORKS[task.kind].run(task)) as pieces:
        for can_be_left in pieces:
            tick()
            now = time.monotonic()
            if now > noted + SECONDS_BETWEEN_NOTES or now > end:
                noted = now
                if not task.note_progress():
                    return False
            if now > end and can_be_left:
                return True
    if task.finish():
        task.drop_upload()
    return False


def sentence_about(problem: Exception) -> str:
    """An error as a sentence for curators; what a database says further on holds values of rows."""
    said = str(problem).partition("\n")[0][:300]
    return f"It could not go on: {type(problem).__name__}{f' ({said})' if said else ''}."


def _blame(task_id: int) -> bool:
    task = BulkTask.objects.filter(pk=task_id).first()
    return task is not None and WORKS[task.kind].blame(task)
