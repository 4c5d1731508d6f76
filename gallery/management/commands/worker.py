"""The process that works in the background."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from gallery import jobs
from gallery.index import model_loading, spaces
from gallery.management.progress import download_bar
from gallery.models import PhotoFeatures

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
            self.fetch_model(housekeeper)
        else:
            # A daemon: a download of 600 MB must not hold up stopping, nor what needs no model.
            threading.Thread(target=self.fetch_model, args=[housekeeper], daemon=True).start()
        asyncio.run(run_jobs(housekeeper, concurrency, once))
        spaces.mark_ready()

    def fetch_model(self, housekeeper: Housekeeper) -> None:
        """Fetch the model if need be, and queue the images that are not described by it yet."""
        progress, move = download_bar()
        try:
            with progress:
                model_loading.fetch_weights(move)
            notices = housekeeper.take_up_new_spaces()
        except model_loading.SpaceUnavailable as problem:
            notices = [str(problem)]
            if not model_loading.why_meaning_is_off():
                notices.append("Until then search by appearance works; manage.py fetch_models tries again.")
        finally:
            connection.close()
        for notice in notices:
            self.stderr.write(notice)


class Housekeeper:
    """Looks after the jobs of dead workers, and after spaces that are new or have become complete."""

    def __init__(self) -> None:
        self.known: set[int] = set()

    async def keep_house(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            try:
                await sync_to_async(self.go_round, thread_sensitive=False)()
            except Exception:
                logger.exception("Housekeeping failed; it is tried again.")

    def go_round(self) -> None:
        close_old_connections()
        jobs.sweep()
        PhotoFeatures.objects.outdated().delete()
        self.take_up_new_spaces()
        spaces.mark_ready()
        close_old_connections()

    def take_up_new_spaces(self) -> list[str]:
        """Queue what a space lacks that was not there a moment ago: its model may have been fetched by hand."""
        wanted, notices = spaces.ensure_spaces()
        new = [space for space in wanted if space.pk not in self.known]
        if new:
            jobs.defer_forgotten(new)
            self.known |= {space.pk for space in new}
        return notices


async def run_jobs(housekeeper: Housekeeper, concurrency: int, once: bool) -> None:
    """Run jobs until told to stop; a job that has begun is finished first."""
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        async with app.open_async():
            housekeeping = asyncio.create_task(housekeeper.keep_house())
            try:
                await app.run_worker_async(
                    queues=[jobs.QUEUE], concurrency=concurrency, wait=not once, delete_jobs="successful"
                )
            finally:
                housekeeping.cancel()
