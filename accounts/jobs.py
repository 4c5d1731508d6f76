"""What the worker does for people's accounts. Names of tasks are stored in the queue, and stay as they are."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import connection, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app

from accounts.exports import making
from accounts.models import Export
from gallery import jobs
from selector.people import Person

MAKE_EXPORT = "accounts.make_export"
jobs.NAMED_ROWS[MAKE_EXPORT] = ("export_id", Export)


@app.task(name=MAKE_EXPORT, queue=jobs.LONG_QUEUE, pass_context=True, retry=jobs.WhenTold())
def make_export(context: JobContext, export_id: str) -> None:
    """Write the file of an export, in a child process; one that fails JOB_ATTEMPTS times is given up."""
    try:
        jobs.processes_of(context).run(making.make, uuid.UUID(export_id))
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if context.job.attempts + 1 < settings.JOB_ATTEMPTS:
            raise jobs.TryAgain(jobs.pause_after(context.job.attempts)) from problem
        Export(pk=uuid.UUID(export_id)).give_up()
        raise
    finally:
        connection.close()


@transaction.atomic
def defer_export(person: Person) -> None:
    """Let the worker make an export of all that is a person's, unless it is at it."""
    export, is_new = making.ask(person)
    if is_new:
        jobs.defer_long(MAKE_EXPORT, str(export.pk), export_id=str(export.pk))
