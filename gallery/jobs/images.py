"""The jobs by which the worker indexes images: one by one, or about a hundred at once where many wait.

Each image that waits is a job of its own, so that none waits twice. The worker that takes one up takes a share of the
others along, as one batch. A batch in which something happens that says nothing about a single image falls apart into
images that are indexed alone: what kills a process is to blame for itself only.

The names of the tasks are stored in the queue: they stay as they are, whatever the functions are called.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from gallery import jobs
from gallery.index import indexing, spaces, storing
from gallery.index.indexing_process import ProcessDied
from selector.imaging.imagefile import InvalidImage

MOST_AT_ONCE = 100
# A worker takes along one in so many of those that wait: others have something to do, too, until the end.
SHARE = 8
# What is found is stored, and more urgent jobs are looked for, once in so long.
SECONDS_BETWEEN_STORES = 1.0


@app.task(name=jobs.INDEX_IMAGE, queue=jobs.QUEUE, pass_context=True, retry=jobs.WhenTold())
def index_image(context: JobContext, image_id: int, afresh: bool = False, alone: bool = False) -> None:
    """Bring the index of one image up to date, in a child process; where many wait, that of others with it.

    An image that fails, or ends the process, JOB_ATTEMPTS times in a row is given up: its row says why. An invalid one
    is given up at once.
    """
    try:
        is_first = not alone and context.job.attempts == 0
        if is_first and (gathered := gather(context.job, afresh)):
            _index_batch(context, gathered, afresh)
        else:
            _index_alone(context, image_id, afresh)
    except (OperationalError, InterfaceError) as problem:
        # Whatever was to be written down is so the next time.
        raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
    finally:
        # Of this thread, which needs one only for what failed.
        connection.close()


@app.task(name=jobs.INDEX_IMAGES, queue=jobs.QUEUE, pass_context=True, retry=jobs.WhenTold())
def index_images(context: JobContext, image_ids: list[int], afresh: bool = False) -> None:
    """Go on with a batch whose worker was stopped, or has died."""
    try:
        _index_batch(context, image_ids, afresh)
    except (OperationalError, InterfaceError) as problem:
        raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
    finally:
        connection.close()


def _index_alone(context: JobContext, image_id: int, afresh: bool) -> None:
    try:
        jobs.processes_of(context).run(bring_up_to_date, image_id, afresh)
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if not isinstance(problem, InvalidImage) and not indexing.failed_too_often(image_id):
            raise jobs.TryAgain(jobs.pause_after(context.job.attempts)) from problem
        if isinstance(problem, ProcessDied):
            indexing.put_aside(image_id)
        else:
            indexing.give_up(image_id, indexing.sentence_about(problem))
        raise


def _index_batch(context: JobContext, image_ids: Sequence[int], afresh: bool) -> None:
    """Index images, a second's worth at a time; those that are left go back where something more urgent waits."""
    rest = list(image_ids)
    try:
        while rest:
            outcome = jobs.processes_of(context).run(index_some, rest, afresh)
            rest = rest[outcome.n :]
            _settle(context.job, outcome, rest, afresh)
            if rest and jobs.is_hindered(context.job):
                jobs.defer_indexing(rest, priority=context.job.priority, afresh=afresh)
                return
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        # One of those that are left is to blame, or none is.
        jobs.defer_alone(rest, afresh=afresh)


# In the child process


def bring_up_to_date(image_id: int, afresh: bool) -> None:
    """Index an image in all spaces."""
    indexing.bring_up_to_date(image_id, spaces.ensure_spaces()[0], afresh=afresh)


@dataclass
class Outcome:
    """What became of the first images of a batch.

    Attributes
    ----------
    n : how many have been dealt with
    refused : those that are no valid images, with the sentence that says why
    failed : those that failed otherwise
    """

    n: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)


def index_some(image_ids: Sequence[int], afresh: bool) -> Outcome:
    """Index the first of some images, at least one, for about a second; what is found is stored at once."""
    targets, _ = spaces.ensure_spaces()
    described: list[storing.Described] = []
    outcome, end = Outcome(), time.monotonic() + SECONDS_BETWEEN_STORES
    for image_id in image_ids:
        outcome.n += 1
        try:
            if found := indexing.described_or_completed(image_id, targets, afresh=afresh):
                described.append(found)
        except (OperationalError, InterfaceError):
            raise
        except InvalidImage as problem:
            outcome.refused[image_id] = str(problem)
        except Exception:
            outcome.failed.append(image_id)
        if time.monotonic() > end:
            break
    if described:
        storing.replace_regions(described)
    return outcome


# Rows of the queue


# Of the images that wait, a share, as much a batch as the job that takes them along: rows that another worker is just
# taking up are left to it. What has failed before, or may be dangerous, goes alone.
GATHER = """
WITH alike AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND queue_name = %(queue)s AND task_name = %(single)s AND priority = %(priority)s
        AND attempts = 0 AND scheduled_at IS NULL
        AND args->'afresh' = to_jsonb(%(afresh)s::boolean) AND NOT args ? 'alone'
    ORDER BY id LIMIT %(most)s * %(share)s
), taken AS (
    SELECT id, args->'image_id' AS image_id FROM procrastinate_jobs
    WHERE id IN (SELECT id FROM alike ORDER BY id LIMIT (SELECT count(*) FROM alike) / %(share)s)
        AND status = 'todo'
    ORDER BY id FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM procrastinate_jobs WHERE id IN (SELECT id FROM taken)
)
UPDATE procrastinate_jobs SET task_name = %(batch)s, queueing_lock = NULL, args = jsonb_build_object(
    'afresh', %(afresh)s::boolean,
    'image_ids', jsonb_build_array(args->'image_id') || (SELECT jsonb_agg(image_id ORDER BY id) FROM taken)
)
WHERE id = %(job)s AND EXISTS (SELECT FROM taken)
RETURNING args->'image_ids'
"""
KEEP = "UPDATE procrastinate_jobs SET args = args || jsonb_build_object('image_ids', %s::bigint[]) WHERE id = %s"


def gather(job: Job, afresh: bool) -> list[int]:
    """Make a batch of a job and a share of the images that wait; their keys, or nothing where few wait.

    From then on, their jobs are this one, which another worker does where this one dies.
    """
    named = {"queue": jobs.QUEUE, "single": jobs.INDEX_IMAGE, "batch": jobs.INDEX_IMAGES}
    numbers = {"most": MOST_AT_ONCE, "share": SHARE, "priority": job.priority, "job": job.id}
    with connection.cursor() as cursor:
        cursor.execute(GATHER, {**named, **numbers, "afresh": afresh})
        row = cursor.fetchone()
    keys: list[int] = json.loads(row[0]) if row else []
    return keys


@transaction.atomic
def _settle(job: Job, outcome: Outcome, rest: list[int], afresh: bool) -> None:
    """Note what became of some images of a batch, and what is left of it."""
    for image_id, sentence in outcome.refused.items():
        indexing.give_up(image_id, sentence)
    jobs.defer_alone(outcome.failed, afresh=afresh)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [rest, job.id])
