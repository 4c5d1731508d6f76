"""Work in the background: every image that comes in, by whatever way, is described by the worker, and so is a photo
that somebody has opened and will search for a part of."""

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
TASK = "gallery.index_image"
LOOK = "gallery.look_at_photo"
# A worker that has not been heard of for so long is dead; it says something every ten seconds.
SILENCE = datetime.timedelta(seconds=30)
# Images that are described already and only lack a new space come after those that nobody can find yet.
LATER = -1
# Somebody has the photo before their eyes.
NOW = 1


class UnlessHopeless(BaseRetryStrategy):
    """The storage or the database may be back in a minute; a broken image stays broken."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, InvalidImage) or is_last_attempt(job.attempts):
            return None
        return RetryDecision(retry_in={"seconds": 15 * 2**job.attempts})


def is_last_attempt(attempts_before: int) -> bool:
    return attempts_before + 1 >= settings.JOB_ATTEMPTS


@app.task(name=TASK, queue=QUEUE, pass_context=True, retry=UnlessHopeless())
def index_image(context: JobContext, image_id: int, afresh: bool = False) -> None:
    """Bring one image's index up to date; when this was the last attempt, its row says why it failed."""
    wanted, _ = spaces.ensure_spaces()
    try:
        indexing.bring_up_to_date(image_id, wanted, afresh=afresh)
    except Exception as problem:
        if UnlessHopeless().get_retry_decision(exception=problem, job=context.job) is None:
            indexing.give_up(image_id, indexing.sentence_about(problem))
        raise


@app.task(name=LOOK, queue=QUEUE)
def look_at_photo(label_map_id: int) -> None:
    """See a photo as searches will, so that its first search need not wait for that."""
    known = LabelMap.objects.select_related("photo").filter(pk=label_map_id)
    label_map = known.first()
    if label_map is None:
        return
    try:
        precompute_features(label_map)
    except Exception:
        # Deleted while it was looked at, with its file, it is nobody's trouble.
        if known.exists():
            raise


# Putting images in the queue


def manager() -> JobManager:
    """Jobs through Django's own connection: what a transaction defers is there once it is committed."""
    return JobManager(DjangoConnector())


def defer(images: Iterable[int], *, priority: int = 0, afresh: bool = False) -> None:
    """Queue images by primary key, each at most once."""
    keys = iter(images)
    while batch := list(islice(keys, 500)):
        jobs = [_job(TASK, f"{key}:{afresh}", priority, image_id=key, afresh=afresh) for key in batch]
        if not _defer_all(jobs):
            for job in jobs:
                _defer_all([job])


def defer_look(label_map: LabelMap) -> None:
    """Queue a photo to be looked at, before all that nobody waits for; not one for which that has failed."""
    if ProcrastinateJob.objects.filter(task_name=LOOK, status="failed", args__label_map_id=label_map.pk).exists():
        return
    _defer_all([_job(LOOK, str(label_map.pk), NOW, label_map_id=label_map.pk)])


def _job(task: str, what: str, priority: int, **arguments: int) -> Job:
    """A job for something that waits in the queue once."""
    return Job(
        queue=QUEUE,
        task_name=task,
        task_kwargs={**arguments},
        lock=None,
        queueing_lock=f"{task}:{what}",
        priority=priority,
    )


def _defer_all(jobs: list[Job]) -> bool:
    try:
        with transaction.atomic():
            manager().batch_defer_jobs(jobs)
    except AlreadyEnqueued:
        return False
    return True


def defer_forgotten(wanted: Iterable[DescriptorSpace]) -> None:
    """Queue what has something left to do and no job: added in bulk, say, or before a space was there."""
    queued = _queued_images()
    defer(_without(GalleryImage.objects.pending(), queued))
    defer(_without(GalleryImage.objects.unhashed(), queued), priority=LATER)
    for space in wanted:
        defer(_without(GalleryImage.objects.lacking(space.pk), queued), priority=LATER)


def _queued_images() -> QuerySet[ProcrastinateJob]:
    open_jobs = ProcrastinateJob.objects.filter(task_name=TASK, status__in=["todo", "doing"])
    return open_jobs.values_list(Cast(KT("args__image_id"), BigIntegerField()))


def _without(images: QuerySet[GalleryImage], queued: QuerySet[ProcrastinateJob]) -> Iterator[int]:
    return images.exclude(pk__in=queued).order_by("pk").values_list("pk", flat=True).iterator()


# After a worker that died


def sweep() -> None:
    """Try the jobs of dead workers again, and put aside those that keep killing them."""
    heard_of = Q(worker__last_heartbeat__gte=Now() - SILENCE)
    for stalled in ProcrastinateJob.objects.filter(queue_name=QUEUE, status="doing").exclude(heard_of):
        try:
            with transaction.atomic():
                _rescue(stalled.procrastinate_job)
        except ConnectorException:
            logger.debug("Job %s has been dealt with by another worker.", stalled.pk)


def _rescue(job: Job) -> None:
    assert job.id is not None
    if not is_last_attempt(job.attempts):
        try:
            with transaction.atomic():
                # In the past by anybody's clock: at once.
                manager().retry_job_by_id(job.id, retry_at=utcnow() - SILENCE)
        except UniqueViolation:
            _finish(job)  # The same has been queued again: that job does it.
        return
    _finish(job)
    if job.task_name != TASK:
        return
    times = f"{settings.JOB_ATTEMPTS} times" if settings.JOB_ATTEMPTS > 1 else "once"
    image_id = job.task_kwargs["image_id"]
    assert isinstance(image_id, int)
    logger.error("Gallery image %s is put aside: the worker died %s while indexing it.", image_id, times)
    indexing.give_up(image_id, f"It was put aside: the worker died {times} while indexing it.")


def _finish(job: Job) -> None:
    # The manager's own function for this is asynchronous only.
    manager().connector.get_sync_connector().execute_query(
        queries["finish_job"], job_id=job.id, status=Status.FAILED.value, delete_job=False
    )
