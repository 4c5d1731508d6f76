"""What the worker does for people's photos. Names of tasks are stored in the queue, and stay as they are."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app

from gallery import jobs
from selector.models import Cut
from selector.services import details

CUT_DETAIL = "library.cut_detail"
jobs.NAMED_ROWS[CUT_DETAIL] = ("cut_id", Cut)


@app.task(name=CUT_DETAIL, queue=jobs.LONG_QUEUE, pass_context=True, retry=jobs.WhenTold())
def cut_detail(context: JobContext, cut_id: str) -> None:
    """Cut a detail; one that fails JOB_ATTEMPTS times is given up.

    In this process, which hands the file to a child with limits of its own: children of the worker have no children.
    """
    try:
        details.make(uuid.UUID(cut_id))
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if context.job.attempts + 1 < settings.JOB_ATTEMPTS:
            raise jobs.TryAgain(jobs.pause_after(context.job.attempts)) from problem
        Cut(pk=uuid.UUID(cut_id)).give_up(details.UNKNOWN)
        raise
    finally:
        connection.close()


def defer(cut: Cut) -> None:
    """Let the worker cut a detail, before what nobody waits for."""
    jobs.defer_long(CUT_DETAIL, str(cut.pk), jobs.PRIORITY_NOW, cut_id=str(cut.pk))
