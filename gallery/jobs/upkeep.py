"""The indexes of vectors look after themselves: they are built where that pays, and again where they have bloated.

One at a time over all workers. The database server does the work; the worker has a thread that waits for it, so that
neither images nor anything else waits. The name of the task is stored in the queue, and stays as it is.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app

from gallery import jobs
from gallery.index import hnsw

logger = logging.getLogger(__name__)

LOOK_AFTER_INDEXES = "gallery.look_after_indexes"
# Whether one has bloated needs a count of all vectors.
SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_COUNTS = 60.0, 600.0
SECONDS_AFTER_FAILURE = 300


class Looks:
    """When this process last looked at what there is to do."""

    def __init__(self) -> None:
        self.at = self.counted = -SECONDS_BETWEEN_COUNTS

    def look(self) -> None:
        """Queue what there is to do, in a round of the worker."""
        now = time.monotonic()
        if now < self.at + SECONDS_BETWEEN_LOOKS:
            return
        self.at = now
        hnsw.clean_all()
        is_time_to_count = now >= self.counted + SECONDS_BETWEEN_COUNTS
        if is_time_to_count:
            self.counted = now
        if hnsw.due() or (is_time_to_count and hnsw.bloated()):
            jobs.defer_upkeep(LOOK_AFTER_INDEXES)


# One worker at a time has a job of this name: procrastinate hands out no second one while a lock is held.
@app.task(name=LOOK_AFTER_INDEXES, queue=jobs.UPKEEP_QUEUE, lock=LOOK_AFTER_INDEXES, retry=jobs.WhenTold())
def look_after_indexes() -> None:
    """Build what is due, then again what has bloated. It can be stopped or killed at any moment."""
    try:
        hnsw.clean_all()
        for space in hnsw.due():
            logger.info("The index of %s is being built.", space)
            hnsw.build(space)
        for space in hnsw.bloated():
            logger.info("The index of %s has bloated and is built again.", space)
            hnsw.rebuild(space)
    except hnsw.CannotBuild as problem:
        if isinstance(problem.__cause__, OperationalError | InterfaceError):
            raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
        logger.warning("%s", problem)
        raise jobs.TryAgain(SECONDS_AFTER_FAILURE) from problem
    except (OperationalError, InterfaceError) as problem:
        raise jobs.TryAgain(jobs.SECONDS_AFTER_NO_FAULT) from problem
    finally:
        with suppress(DatabaseError):
            connection.close()
