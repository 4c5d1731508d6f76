"""What curators do with tasks, of whatever kind: pause them, let them go on, cancel them."""

from __future__ import annotations

from django.db import transaction

from curating.importing import parts
from curating.importing.starting import queue
from curating.models import BulkTask
from gallery import jobs


@transaction.atomic
def pause(task: BulkTask) -> bool:
    """Let a task stop after the piece at hand; False when there is nothing to pause."""
    if task.is_observed:
        jobs.pause_indexing()
        return bool(BulkTask.objects.observed().open().update(state=BulkTask.State.PAUSED))
    return task.can_pause and task.pause()


@transaction.atomic
def resume(task: BulkTask) -> bool:
    """Let a task go on that was paused, has failed, or whose process is not heard of; False when it has ended."""
    if task.is_observed:
        jobs.resume_indexing()
        return bool(BulkTask.objects.observed().open().update(state=BulkTask.State.WORKING, rate=None))
    if not task.can_resume:
        return False
    queue(task)
    return True


@transaction.atomic
def cancel(task: BulkTask) -> bool:
    """End a task as it is; what it has done stays. False when it has ended, or cannot be cancelled."""
    if task.is_observed or not task.cancel():
        return False
    task.drop_upload()
    parts.drop(task)
    return True
