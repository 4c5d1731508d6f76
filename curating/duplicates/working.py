"""The worker looks for copies by itself: a few seconds after an image is indexed it is compared with the others.

The name of the task is stored in the queue, and stays as it is.
"""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from procrastinate import JobContext
from procrastinate.contrib.django import app

from curating.duplicates.finding import compare
from curating.models import DuplicatePair, Fingerprint, not_compared
from gallery import jobs
from gallery.models import GalleryImage

logger = logging.getLogger(__name__)

COMPARE_IMAGES = "curating.compare_images"
# What else takes minutes waits so long at most.
SECONDS_OF_A_TURN = 30.0
# Looking for images that were not compared reads all keys: one worker does it, once in so long.
SECONDS_BETWEEN_LOOKS = 15


def look() -> None:
    """Queue the comparison when there are images to be compared; workers call this every few seconds."""
    if cache.add("curating.duplicates.look", 1, SECONDS_BETWEEN_LOOKS) and not_compared().exists():
        defer()


def defer() -> None:
    """Queue the comparison, unless it is queued already."""
    jobs.defer_long(COMPARE_IMAGES, "all")


@app.task(name=COMPARE_IMAGES, queue=jobs.LONG_QUEUE, pass_context=True, retry=jobs.WhenTold())
def compare_images(context: JobContext) -> None:
    """Compare images for a turn, in a child process, and queue the next one.

    An image on which that process dies is left for later; see `Fingerprint`.
    """
    try:
        if jobs.processes_of(context).run(take_turn):
            defer()
    except Exception as problem:
        if jobs.is_no_fault(problem, context.job):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        if context.job.attempts + 1 < settings.JOB_ATTEMPTS:
            raise jobs.TryAgain(jobs.pause_after(context.job.attempts)) from problem
        raise
    finally:
        connection.close()


def take_turn(seconds: float = SECONDS_OF_A_TURN) -> bool:
    """Compare images that wait for so long; whether there are more."""
    end = time.monotonic() + seconds
    forget_outdated()
    for key in not_compared().keys_forward():
        image = GalleryImage.objects.select_related("photo").filter(pk=key).first()
        if image is not None:
            _compare(image)
        if time.monotonic() > end:
            return True
    return False


def forget_outdated() -> None:
    """Drop what was known of images that have another picture now, or are in the public collection no longer."""
    Fingerprint.objects.outdated().delete()
    DuplicatePair.objects.exclude(pk__in=DuplicatePair.objects.public().values("pk")).delete()


def _compare(image: GalleryImage) -> None:
    try:
        compare(image)
    except DatabaseError:
        # It may have been deleted at this moment; the database being away is another thing.
        if GalleryImage.objects.filter(pk=image.pk).exists():
            raise
        logger.debug("Image %s was deleted while it was compared.", image.pk)
