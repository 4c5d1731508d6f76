"""Indexing as tasks: nobody has asked for it and many jobs do it, so its rows follow what there is left to do."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from curating.models import BulkTask
from gallery import jobs
from gallery.models import DescriptorSpace, GalleryImage

# Fewer images than these are indexed before anybody has looked.
MANY = 20
# All workers observe, and the page does; once in so long is enough.
SECONDS_BETWEEN_LOOKS = 2.0
# Counting what a space lacks takes longer.
SECONDS_BETWEEN_LOOKS_AT_SPACES = 20.0
Kind, State = BulkTask.Kind, BulkTask.State


def observe() -> None:
    """Bring the rows of indexing, and of spaces in which images are being described, up to date."""
    observe_indexing()
    observe_spaces()


def observe_indexing() -> None:
    """Bring the row of indexing up to date; there is one while many images wait."""
    if not _is_due(Kind.INDEXING, SECONDS_BETWEEN_LOOKS):
        return
    counts = GalleryImage.objects.counts_by_status()
    waiting = counts[GalleryImage.Status.PENDING]
    task = _open_task(Kind.INDEXING, "All images", waiting)
    if task is not None:
        _follow(task, waiting, counts[GalleryImage.Status.INDEXED], counts[GalleryImage.Status.FAILED])


def observe_spaces() -> None:
    """Bring the rows of spaces up to date that do not answer yet, since images are not described in them."""
    if not _is_due(Kind.SPACE, SECONDS_BETWEEN_LOOKS_AT_SPACES):
        return
    open_tasks = {task.title for task in BulkTask.objects.open().filter(kind=Kind.SPACE)}
    for space in DescriptorSpace.objects.all():
        if not space.is_ready or str(space)[:200] in open_tasks:
            _observe_space(space)


def _observe_space(space: DescriptorSpace) -> None:
    lacking = GalleryImage.objects.lacking(space.pk).count()
    task = _open_task(Kind.SPACE, str(space)[:200], lacking)
    if task is not None:
        described = GalleryImage.objects.indexed().count() - lacking
        _follow(task, lacking, described, 0)


def _is_due(kind: str, seconds: float) -> bool:
    recently = timezone.now() - datetime.timedelta(seconds=seconds)
    return not BulkTask.objects.open().filter(kind=kind, heard__gt=recently).exists()


def _open_task(kind: str, title: str, waiting: int) -> BulkTask | None:
    """The row of what is under way, or a new one where there is much to do."""
    known = BulkTask.objects.open().filter(kind=kind, title=title).first()
    if known is not None or waiting < MANY:
        return known
    now = timezone.now()
    state = State.PAUSED if jobs.is_indexing_paused() else State.WORKING
    try:
        with transaction.atomic():
            return BulkTask.objects.create(kind=kind, title=title, state=state, started=now)
    except IntegrityError:  # Another worker has just made it.
        return None


def _follow(task: BulkTask, waiting: int, good: int, bad: int) -> None:
    """Count on by what there is more of since the last look; what is indexed again was there before."""
    before = task.options or {"good": good, "bad": bad}
    task.done += max(0, good - before["good"])
    task.failed += max(0, bad - before["bad"])
    task.total = task.n + waiting
    task.remember(good=good, bad=bad)
    task.note_observation()
    if not waiting:
        task.end_observation()
