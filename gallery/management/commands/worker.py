"""The process that works in the background."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from gallery import jobs
from gallery.clearing import clear_away
from gallery.descriptors.open_clip.weights import Progress
from gallery.index import kinds, spaces
from gallery.index.describers import Kind, SpaceUnavailable
from gallery.management.progress import download_bar

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_ROUNDS = 15.0


class Command(BaseCommand):
    help = (
        "Segment and describe images as they come in. Any number of workers may run, on any number of "
        "machines. The first start fetches the model for search by meaning."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=1, metavar="N", help="images at a time (default: 1)")
        parser.add_argument("--once", action="store_true", help="stop when no job is left")

    def handle(self, *, concurrency: int, once: bool, **options: Any) -> None:
        # From the first moment on, so that stopping is always orderly and the embedded database is left.
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            self.work(concurrency, once)
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
        finally:
            signal.signal(signal.SIGTERM, before)

    def work(self, concurrency: int, once: bool) -> None:
        jobs.sweep()
        jobs.defer_forgotten([])
        housekeeper = Housekeeper()
        if once:
            self.fetch_models(housekeeper)
        else:
            # A daemon: a download of 600 MB must not hold up stopping, nor jobs that need no model.
            threading.Thread(target=self.fetch_models, args=[housekeeper], daemon=True).start()
        asyncio.run(run_jobs(housekeeper, concurrency, once))
        spaces.mark_ready()

    def fetch_models(self, housekeeper: Housekeeper) -> None:
        """Fetch the models that are missing, and queue the images that are not described by them yet."""
        progress, move = download_bar()
        try:
            with progress:
                failures = [sentence for kind in kinds.KINDS for sentence in failures_of_fetching(kind, move)]
            notices = housekeeper.take_up_new_spaces()
        finally:
            connection.close()
        # A model that could not be fetched cannot be loaded either: that need not be said as well.
        for notice in failures or notices:
            self.stderr.write(notice)


def failures_of_fetching(kind: Kind, progress: Progress) -> list[str]:
    """Fetch what a kind needs. Returns sentences about what went wrong."""
    try:
        kind.fetch(progress)
    except SpaceUnavailable as problem:
        hint = "Until then search by appearance works; manage.py fetch_models tries again."
        return [str(problem)] if kind.why_off() else [str(problem), hint]
    return []


class Housekeeper:
    """Does again and again what no job does: rescues jobs of dead workers, and takes up new and complete spaces."""

    def __init__(self) -> None:
        self.known: set[int] = set()

    async def keep_house(self) -> None:
        """Make a round every `SECONDS_BETWEEN_ROUNDS`, until it is cancelled."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            try:
                await sync_to_async(self.go_round, thread_sensitive=False)()
            except Exception:
                logger.exception("Housekeeping failed; it is tried again.")

    def go_round(self) -> None:
        """Do all of it once."""
        close_old_connections()
        jobs.sweep()
        clear_away()
        self.take_up_new_spaces()
        spaces.mark_ready()
        close_old_connections()

    def take_up_new_spaces(self) -> list[str]:
        """Queue the images that a new space lacks: its model may have been fetched by hand.

        Returns a sentence for each kind of space that is not available.
        """
        targets, notices = spaces.ensure_spaces()
        new = [space for space in targets if space.pk not in self.known]
        if new:
            jobs.defer_forgotten(new)
            self.known |= {space.pk for space in new}
        return notices


async def run_jobs(housekeeper: Housekeeper, concurrency: int, once: bool) -> None:
    """Run jobs until told to stop; a job that has begun is finished first."""
    connector = cast("DjangoConnector", app.connector)
    with app.replace_connector(connector.get_worker_connector()):
        async with app.open_async():
            housekeeping = asyncio.create_task(housekeeper.keep_house())
            try:
                await app.run_worker_async(
                    queues=[jobs.QUEUE], concurrency=concurrency, wait=not once, delete_jobs="successful"
                )
            finally:
                housekeeping.cancel()
