"""What the worker runs: it indexes images, and computes the features of photos that are open in a workspace.

The names of the tasks are stored in the queue: they stay as they are, whatever the functions are called.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.fields.json import KT
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

from gallery.index import indexing, spaces
from gallery.index.features import precompute_features
from gallery.models import DescriptorSpace, GalleryImage
from selector.imaging.imagefile import InvalidImage
from selector.models import LabelMap

logger = logging.getLogger(__name__)

QUEUE = "index"
INDEX_IMAGE = "gallery.index_image"
PRECOMPUTE_FEATURES = "gallery.look_at_photo"
# A worker writes its heartbeat every ten seconds. One that has not done so for this long is dead.
DEAD_AFTER = datetime.timedelta(seconds=30)
# For images that are indexed and only lack a new space: images that no search finds yet come before them.
PRIORITY_LATER = -1
# For photos that a person is working on.
PRIORITY_NOW = 1


class RetryUnlessInvalid(BaseRetryStrategy):
    """Retries a failed job after a while, since the storage or the database may be back; not for an invalid image."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, InvalidImage) or is_last_attempt(job.attempts):
            return None
        return RetryDecision(retry_in={"seconds": 15 * 2**job.attempts})


def is_last_attempt(attempts_before: int) -> bool:
    """Whether a job that has been tried so many times before is not tried again after this time."""
    return attempts_before + 1 >= settings.JOB_ATTEMPTS


@app.task(name=INDEX_IMAGE, queue=QUEUE, pass_context=True, retry=RetryUnlessInvalid())
def index_image(context: JobContext, image_id: int, afresh: bool = False) -> None:
    """Bring the index of one image up to date. When the last attempt fails, the image's row says why."""
    targets, _ = spaces.ensure_spaces()
    try:
        indexing.bring_up_to_date(image_id, targets, afresh=afresh)
    except Exception as problem:
        if RetryUnlessInvalid().get_retry_decision(exception=problem, job=context.job) is None:
            indexing.give_up(image_id, indexing.sentence_about(problem))
        raise


@app.task(name=PRECOMPUTE_FEATURES, queue=QUEUE)
def precompute_features_of(label_map_id: int) -> None:
    """Compute the features that searches of a photo need, so that its first search does not wait for them."""
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


# Putting images in the queue


def manager() -> JobManager:
    """Manage jobs through Django's own connection: a job that a transaction defers is queued when it commits."""
    return JobManager(DjangoConnector())


def defer_indexing(images: Iterable[int], *, priority: int = 0, afresh: bool = False) -> None:
    """Queue images by primary key to be indexed, unless they are queued already."""
    keys = iter(images)
    while batch := list(islice(keys, 500)):
        jobs = [_job(INDEX_IMAGE, f"{key}:{afresh}", priority, image_id=key, afresh=afresh) for key in batch]
        if not _defer_all(jobs):
            for job in jobs:
                _defer_all([job])


def defer_features(label_map: LabelMap) -> None:
    """Queue a photo to have its features computed, before all images; not again when that has failed."""
    failed = ProcrastinateJob.objects.filter(task_name=PRECOMPUTE_FEATURES, status="failed")
    if not failed.filter(args__label_map_id=label_map.pk).exists():
        _defer_all([_job(PRECOMPUTE_FEATURES, str(label_map.pk), PRIORITY_NOW, label_map_id=label_map.pk)])


def _job(task: str, what: str, priority: int, **arguments: int) -> Job:
    """A job that cannot wait in the queue twice for the same thing."""
    return Job(
        queue=QUEUE,
        task_name=task,
        task_kwargs={**arguments},
        lock=None,
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
    queued = _queued_images()
    defer_indexing(_without(GalleryImage.objects.pending(), queued))
    defer_indexing(_without(GalleryImage.objects.unhashed(), queued), priority=PRIORITY_LATER)
    for space in targets:
        defer_indexing(_without(GalleryImage.objects.lacking(space.pk), queued), priority=PRIORITY_LATER)


def _queued_images() -> QuerySet[ProcrastinateJob]:
    """A subquery: the primary keys of images that have a job."""
    open_jobs = ProcrastinateJob.objects.filter(task_name=INDEX_IMAGE, status__in=["todo", "doing"])
    return open_jobs.values_list(Cast(KT("args__image_id"), BigIntegerField()))


def _without(images: QuerySet[GalleryImage], queued: QuerySet[ProcrastinateJob]) -> Iterator[int]:
    return images.exclude(pk__in=queued).order_by("pk").values_list("pk", flat=True).iterator()


# Jobs of dead workers


def sweep() -> None:
    """Queue the jobs of dead workers again; give up those that have been tried often enough."""
    alive = Q(worker__last_heartbeat__gte=Now() - DEAD_AFTER)
    for stalled in ProcrastinateJob.objects.filter(queue_name=QUEUE, status="doing").exclude(alive):
        try:
            with transaction.atomic():
                _rescue(stalled.procrastinate_job)
        except ConnectorException:
            logger.debug("Job %s has been dealt with by another worker.", stalled.pk)


def _rescue(job: Job) -> None:
    """Queue the job of a dead worker again, or give it up after the last attempt."""
    assert job.id is not None
    if not is_last_attempt(job.attempts):
        try:
            with transaction.atomic():
                # At once: this time is in the past also when the clocks of two machines differ a little.
                manager().retry_job_by_id(job.id, retry_at=utcnow() - DEAD_AFTER)
        except UniqueViolation:
            _finish(job)  # The same image has been queued again: that job does it.
        return
    _finish(job)
    if job.task_name != INDEX_IMAGE:
        return
    times = f"{settings.JOB_ATTEMPTS} times" if settings.JOB_ATTEMPTS > 1 else "once"
    image_id = job.task_kwargs["image_id"]
    assert isinstance(image_id, int)
    logger.error("Gallery image %s is put aside: the worker died %s while indexing it.", image_id, times)
    indexing.give_up(image_id, f"It was put aside: the worker died {times} while indexing it.")


def _finish(job: Job) -> None:
    """Mark a job as failed for good."""
    # The manager's own function for this is asynchronous only.
    manager().connector.get_sync_connector().execute_query(
        queries["finish_job"], job_id=job.id, status=Status.FAILED.value, delete_job=False
    )
