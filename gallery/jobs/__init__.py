"""The queue: what waits for the worker, what becomes of jobs whose worker has died, and pausing.

It computes the features of photos that are open in a workspace, too. How images are indexed is in
`gallery.jobs.images`. The names of the tasks are stored in the queue: they stay as they are.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import BigIntegerField, Func, Model, Q, QuerySet
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Now
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.sql import queries
from procrastinate.utils import utcnow
from psycopg import sql

from gallery.index import indexing
from gallery.index.features import precompute_features
from gallery.index.indexing_process import IndexingProcesses, ProcessDied, ProcessFailed
from gallery.models import DescriptorSpace, GalleryImage, IndexingPause
from selector.models import LabelMap

logger = logging.getLogger(__name__)

QUEUE = "index"
# For what takes minutes: it runs beside, so that no image waits for it.
LONG_QUEUE = "long"
# For indexes of vectors: one may take an hour, in the database server, and nothing else waits for it.
UPKEEP_QUEUE = "upkeep"
# Those that workers take jobs from.
TAKEN = (QUEUE, LONG_QUEUE, UPKEEP_QUEUE)
# No worker takes jobs from it: images wait here while indexing is paused.
PAUSED_QUEUE = "paused"
INDEX_IMAGE = "gallery.index_image"
# A batch of them: see `gallery.jobs.images`.
INDEX_IMAGES = "gallery.index_images"
PRECOMPUTE_FEATURES = "gallery.look_at_photo"
# A worker writes its heartbeat every ten seconds. One that has not done so for this long is dead.
DEAD_AFTER = datetime.timedelta(seconds=30)
# A worker that dies as a whole is no fault of what it was doing; unless that happens as often as this for each attempt.
RESCUES = 10
SECONDS_AFTER_NO_FAULT = 1
# For images that are indexed and only lack a new space: images that no search finds yet come before them.
PRIORITY_LATER = -1
# For photos that a person is working on.
PRIORITY_NOW = 1


# The row that a job is about: the argument with its primary key, and its model. Apps above add theirs.
NAMED_ROWS: dict[str, tuple[str, type[Model]]] = {
    INDEX_IMAGE: ("image_id", GalleryImage),
    PRECOMPUTE_FEATURES: ("label_map_id", LabelMap),
}


class TryAgain(Exception):
    """A job is to be tried again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"It is tried again in {seconds} s.")
        self.seconds = seconds


class WhenTold(BaseRetryStrategy):
    """Tries a job again when it raised `TryAgain`."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        return RetryDecision(retry_in={"seconds": exception.seconds}) if isinstance(exception, TryAgain) else None


def pause_after(attempts: int) -> int:
    """Seconds to wait after so many attempts: the storage or the memory may be back then."""
    return int(15 * 2 ** min(attempts, 6))


def is_beyond_rescue(job: Job) -> bool:
    """Whether a job has been tried so often, for whatever reasons, that it must be the reason itself."""
    return job.attempts + 1 >= RESCUES * settings.JOB_ATTEMPTS


def is_no_fault(problem: Exception, job: Job) -> bool:
    """Whether what happened to a job says nothing about it: the database or the worker went away."""
    return isinstance(problem, OperationalError | InterfaceError | ProcessFailed) and not is_beyond_rescue(job)


@app.task(name=PRECOMPUTE_FEATURES, queue=QUEUE, pass_context=True, retry=WhenTold())
def precompute_features_of(context: JobContext, label_map_id: int) -> None:
    """Compute the features that searches of a photo need, so that its first search does not wait for them.

    In a child process. A photo on which that dies is left alone after some attempts.
    """
    try:
        processes_of(context).run(precompute, label_map_id)
    except Exception as problem:
        if is_no_fault(problem, context.job):
            raise TryAgain(SECONDS_AFTER_NO_FAULT) from problem
        if isinstance(problem, ProcessDied) and context.job.attempts + 1 < settings.JOB_ATTEMPTS:
            raise TryAgain(pause_after(context.job.attempts)) from problem
        raise
    finally:
        connection.close()


def precompute(label_map_id: int) -> None:
    """In the child process: compute the features of a photo."""
    known = LabelMap.objects.select_related("photo").filter(pk=label_map_id)
    label_map = known.first()
    if label_map is None:
        return
    try:
        precompute_features(label_map)
    except Exception:
        # A photo that was deleted meanwhile, with its file, is no error.
        if known.exists():
            raise


def processes_of(context: JobContext) -> IndexingProcesses:
    """The worker's child processes."""
    processes = context.additional_context["processes"]
    assert isinstance(processes, IndexingProcesses)
    return processes


# Putting images in the queue


def manager() -> JobManager:
    """Manage jobs through Django's own connection: a job that a transaction defers is queued when it commits."""
    return JobManager(DjangoConnector())


def defer_indexing(images: Iterable[int], *, priority: int = 0, afresh: bool = False) -> None:
    """Queue images by primary key to be indexed, unless they are queued already."""
    _defer_images(images, priority, {"afresh": afresh})


def defer_alone(images: Iterable[int], *, afresh: bool = False) -> None:
    """The same for images that may fail or end their process, which is nobody else's fault then: in no batch."""
    _defer_images(images, 0, {"afresh": afresh, "alone": True})


def _defer_images(images: Iterable[int], priority: int, arguments: dict[str, bool]) -> None:
    keys, queue = iter(images), PAUSED_QUEUE if is_indexing_paused() else QUEUE
    while some := list(islice(keys, 500)):
        jobs = [
            _job(INDEX_IMAGE, f"{key}:{arguments['afresh']}", priority, queue, None, image_id=key, **arguments)
            for key in some
        ]
        if not _defer_all(jobs):
            for job in jobs:
                _defer_all([job])


def is_hindered(job: Job) -> bool:
    """Whether a job that takes a while had better stop: indexing is paused, or something more urgent waits."""
    due = Q(scheduled_at=None) | Q(scheduled_at__lte=Now())
    urgent = ProcrastinateJob.objects.filter(due, queue_name=QUEUE, status="todo", priority__gt=job.priority)
    return is_indexing_paused() or urgent.exists()


def defer_features(label_map: LabelMap) -> None:
    """Queue a photo to have its features computed, before all images; not again when that has failed."""
    failed = ProcrastinateJob.objects.filter(task_name=PRECOMPUTE_FEATURES, status="failed")
    if not failed.filter(args__label_map_id=label_map.pk).exists():
        _defer_all([_job(PRECOMPUTE_FEATURES, str(label_map.pk), PRIORITY_NOW, label_map_id=label_map.pk)])


def defer_upkeep(task: str) -> None:
    """Queue looking after the indexes of vectors, unless it is queued or under way already."""
    if not ProcrastinateJob.objects.filter(task_name=task, status="doing").exists():
        _defer_all([_job(task, "", 0, UPKEEP_QUEUE, lock=task)])


def defer_long(task: str, what: str, priority: int = 0, **arguments: str) -> None:
    """Queue something that takes minutes, unless it is queued already."""
    _defer_all([_job(task, what, priority, LONG_QUEUE, **arguments)])


def _job(
    task: str, what: str, priority: int, queue: str = QUEUE, lock: str | None = None, **arguments: int | str
) -> Job:
    """A job that cannot wait in the queue twice for the same thing; of those with one lock, one is done at a time."""
    return Job(
        queue=queue,
        task_name=task,
        task_kwargs={**arguments},
        lock=lock,
        queueing_lock=f"{task}:{what}",
        priority=priority,
    )


def _defer_all(jobs: list[Job]) -> bool:
    """Queue all the jobs, or none and return False when one of them is queued already."""
    try:
        with transaction.atomic():
            manager().batch_defer_jobs(jobs)
    except AlreadyEnqueued:
        return False
    return True


def defer_forgotten(targets: Iterable[DescriptorSpace]) -> None:
    """Queue images whose index is not complete and that have no job: they are older than a space, for example."""
    defer_indexing(_without_job(GalleryImage.objects.pending()))
    defer_indexing(_without_job(GalleryImage.objects.unhashed()), priority=PRIORITY_LATER)
    for space in targets:
        defer_indexing(_without_job(GalleryImage.objects.lacking(space.pk)), priority=PRIORITY_LATER)
        defer_indexing(_without_job(GalleryImage.objects.without_cells(space.pk)), priority=PRIORITY_LATER)


def _without_job(images: QuerySet[GalleryImage]) -> Iterator[int]:
    """The primary keys of those images that no job names, alone or in a batch."""
    open_jobs = ProcrastinateJob.objects.filter(status__in=["todo", "doing"])
    alone = open_jobs.filter(task_name=INDEX_IMAGE).values_list(Cast(KT("args__image_id"), BigIntegerField()))
    each = Func(KeyTransform("image_ids", "args"), function="jsonb_array_elements_text")
    together = open_jobs.filter(task_name=INDEX_IMAGES).values_list(Cast(each, BigIntegerField()))
    images = images.exclude(pk__in=alone).exclude(pk__in=together)
    return images.order_by("pk").values_list("pk", flat=True).iterator()


# Pausing


def is_indexing_paused() -> bool:
    """Whether images wait until somebody lets indexing go on."""
    return IndexingPause.objects.exists()


@transaction.atomic
def pause_indexing() -> None:
    """Let images wait, those that are queued and those that will be. What is being indexed is finished."""
    IndexingPause.objects.get_or_create(pk=1)
    _move_images(QUEUE, PAUSED_QUEUE)


@transaction.atomic
def resume_indexing() -> None:
    """Let the workers go on with the images that wait."""
    IndexingPause.objects.all().delete()
    _move_images(PAUSED_QUEUE, QUEUE)


def keep_paused() -> None:
    """Put images into the queue that they belong in: those that were queued while somebody paused, or let go on."""
    _move_images(*((QUEUE, PAUSED_QUEUE) if is_indexing_paused() else (PAUSED_QUEUE, QUEUE)))


def _move_images(source: str, target: str) -> None:
    """Put the jobs that wait in a queue into another one; precomputing for people's photos goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET queue_name = %s"
            " WHERE queue_name = %s AND task_name IN (%s, %s) AND status = 'todo'",
            [target, source, INDEX_IMAGE, INDEX_IMAGES],
        )


DELETE_POINTLESS = sql.SQL(
    "DELETE FROM {jobs} WHERE task_name = %s AND status <> 'doing'"
    " AND NOT EXISTS (SELECT FROM {rows} AS named WHERE named.id = (args->>%s)::{key_type})"
)


def delete_pointless() -> Iterator[None]:
    """Delete jobs whose images or other rows are gone, unless they are being done: those end by themselves."""
    for task, (argument, model) in NAMED_ROWS.items():
        # Procrastinate's own models cannot be written to.
        statement = DELETE_POINTLESS.format(
            jobs=sql.Identifier(ProcrastinateJob._meta.db_table),
            rows=sql.Identifier(model._meta.db_table),
            key_type=sql.SQL(str(model._meta.pk.db_type(connection))),
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [task, argument])
        yield


# Jobs of dead workers


def sweep() -> None:
    """Queue the jobs of dead workers again; give up those that have been rescued very often."""
    keep_paused()
    alive = Q(worker__last_heartbeat__gte=Now() - DEAD_AFTER)
    for stalled in ProcrastinateJob.objects.filter(queue_name__in=TAKEN, status="doing").exclude(alive):
        try:
            with transaction.atomic():
                _rescue(stalled.procrastinate_job)
        except ConnectorException:
            logger.debug("Job %s has been dealt with by another worker.", stalled.pk)


def _rescue(job: Job) -> None:
    """Queue the job of a dead worker again: being near is no fault. Only after very many times it is given up."""
    assert job.id is not None
    if not is_beyond_rescue(job):
        try:
            with transaction.atomic():
                # At once: this time is in the past also when the clocks of two machines differ a little.
                manager().retry_job_by_id(job.id, retry_at=utcnow() - DEAD_AFTER)
        except UniqueViolation:
            _finish(job)  # The same image has been queued again: that job does it.
        return
    _finish(job)
    if job.task_name == INDEX_IMAGES:
        image_ids: Any = job.task_kwargs["image_ids"]
        defer_alone(image_ids, afresh=bool(job.task_kwargs["afresh"]))
    if job.task_name != INDEX_IMAGE:
        return
    image_id = job.task_kwargs["image_id"]
    assert isinstance(image_id, int)
    sentence = f"It was put aside: the worker died {job.attempts + 1} times while indexing it."
    logger.error("Gallery image %s: %s", image_id, sentence)
    indexing.give_up(image_id, sentence)


def _finish(job: Job) -> None:
    """Mark a job as failed for good."""
    # The manager's own function for this is asynchronous only.
    manager().connector.get_sync_connector().execute_query(
        queries["finish_job"], job_id=job.id, status=Status.FAILED.value, delete_job=False
    )
