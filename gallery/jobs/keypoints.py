"""The job that finds keypoints of images: those that somebody's search is to be checked by, or all, ahead of time.

The name of the task is stored in the queue, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from gallery import jobs
from gallery.index.indexing_process import ProcessDied
from gallery.index.keypoints import add_keypoints, without_keypoints

FIND_KEYPOINTS = "gallery.find_keypoints"
# Of a job: it takes a second or two, and what is more urgent comes between.
AT_ONCE = 10
# So many are queued at once where all images are to have keypoints.
AHEAD = 200


@app.task(name=FIND_KEYPOINTS, queue=jobs.LONG_QUEUE, pass_context=True, retry=jobs.WhenTold())
def find_keypoints(context: JobContext, images: str) -> None:
    """Find the keypoints of some images, named by their keys, in a child process."""
    try:
        jobs.processes_of(context).run(add_keypoints, [int(key) for key in images.split()])
    except (OperationalError, InterfaceError) as problem:
        raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        # The search that waits for them looks for itself; one image on which a child dies is left out.
        if not isinstance(problem, ProcessDied):
            raise
    finally:
        connection.close()


def defer_keypoints(image_ids: Sequence[int], priority: int = jobs.PRIORITY_NOW) -> None:
    """Queue images to have their keypoints found, unless the same are queued already."""
    for first in range(0, len(image_ids), AT_ONCE):
        keys = " ".join(map(str, image_ids[first : first + AT_ONCE]))
        jobs.defer_long(FIND_KEYPOINTS, keys, priority, images=keys)


def look_ahead() -> None:
    """Queue the next images without keypoints, where all are to have them. In a round of the worker."""
    if settings.KEYPOINTS_AHEAD and not ProcrastinateJob.objects.filter(task_name=FIND_KEYPOINTS, status="todo"):
        defer_keypoints(without_keypoints()[:AHEAD], jobs.PRIORITY_LATER)
