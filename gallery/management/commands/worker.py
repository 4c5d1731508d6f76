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

from gallery import jobs, spaces
from gallery.management.progress import download_bar

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_SWEEPS = 15.0


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
        if once:
            self.take_up_meaning()
        else:
            # A daemon: a download of 600 MB must not hold up stopping, nor what needs no model.
            threading.Thread(target=self.take_up_meaning, daemon=True).start()
        asyncio.run(run_jobs(concurrency, once))
        spaces.mark_ready()

    def take_up_meaning(self) -> None:
        """Fetch the model, and queue the images that are not described by it yet."""
        progress, move = download_bar()
        try:
            with progress:
                spaces.fetch_weights(move)
            wanted, notices = spaces.wanted()
            jobs.defer_forgotten(wanted)
        except spaces.SpaceUnavailable as problem:
            notices = [str(problem)]
        finally:
            connection.close()
        for notice in notices:
            self.stderr.write(notice)


async def run_jobs(concurrency: int, once: bool) -> None:
    """Run jobs until told to stop; a job that has begun is finished first."""
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        async with app.open_async():
            housekeeper = asyncio.create_task(keep_house())
            try:
                await app.run_worker_async(
                    queues=[jobs.QUEUE], concurrency=concurrency, wait=not once, delete_jobs="successful"
                )
            finally:
                housekeeper.cancel()


async def keep_house() -> None:
    """Look after the jobs of dead workers, and after spaces that have become complete, again and again."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_SWEEPS)
        try:
            await sync_to_async(sweep_and_mark, thread_sensitive=False)()
        except Exception:
            logger.exception("Housekeeping failed; it is tried again.")


def sweep_and_mark() -> None:
    close_old_connections()
    jobs.sweep()
    spaces.mark_ready()
    close_old_connections()
