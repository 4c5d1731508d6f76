"""The process that works in the background."""

from __future__ import annotations

import logging
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.checks.registry import registry
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from gallery import jobs, rounds
from gallery.clearing import clear_away
from gallery.descriptors.open_clip.weights import Progress
from gallery.index import kinds, spaces
from gallery.index.describers import Kind, SpaceUnavailable
from gallery.index.indexing_process import IndexingProcesses, ProcessDied, ProcessFailed
from gallery.jobs import keypoints, upkeep
from gallery.management.patient_worker import PatientWorker
from gallery.management.progress import download_bar

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_ROUNDS = 15.0


class Command(BaseCommand):
    help = (
        "Segment and describe images as they come in. Any number of workers may run, on any number of "
        "machines. The first start fetches the model for search by meaning."
    )

    # It answers nobody: to check addresses would import all that does.
    requires_system_checks = [tag for tag in registry.tags_available() if tag != Tags.urls]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=1, metavar="N", help="images at a time (default: 1)")
        parser.add_argument("--once", action="store_true", help="stop when no job is left")

    def handle(self, *, concurrency: int, once: bool, **options: Any) -> None:
        with (
            IndexingProcesses(concurrency, prepare=spaces.ensure_spaces) as processes,
            IndexingProcesses() as long_processes,
            IndexingProcesses() as fetching,
        ):
            housekeeper = Housekeeper(processes)
            worker = PatientWorker(processes, long_processes, prepare_queue, concurrency=concurrency, once=once)
            if once:
                self.fetch_models(housekeeper, fetching)
            else:
                # Daemons: neither a download of 600 MB nor a database that is away holds up stopping.
                for task in (lambda: self.fetch_models(housekeeper, fetching), housekeeper.keep_house):
                    threading.Thread(target=task, daemon=True).start()
            worker.run()
        if once:
            spaces.mark_ready()

    def fetch_models(self, housekeeper: Housekeeper, fetching: IndexingProcesses) -> None:
        """Fetch the models that are missing, and queue the images that are not described by them yet."""
        notices = [sentence for kind in kinds.KINDS if (sentence := kind.why_off())]
        try:
            if any(kind.is_fetched and not kind.why_off() for kind in kinds.KINDS):
                # In a child: what fetches them loads torch, which this process can do without.
                notices += fetching.run(fetch_models)
                fetching.end()
            # A model that could not be fetched cannot be loaded either: that need not be said as well.
            found = housekeeper.take_up_new_spaces()
            notices = notices or found
        except (OperationalError, InterfaceError, ProcessFailed, ProcessDied) as problem:
            # The next round of the housekeeper takes them up.
            logger.debug("%s", problem)
        finally:
            connection.close()
        for notice in notices:
            self.stderr.write(notice)


def prepare_queue() -> None:
    """What is done before jobs are run: the jobs of dead workers, and images that were forgotten, are queued."""
    jobs.sweep()
    jobs.defer_forgotten([])


def fetch_models() -> list[str]:
    """Fetch what the kinds need that can work here. Returns sentences about what went wrong."""
    progress, move = download_bar()
    with progress:
        return [sentence for kind in kinds.KINDS if not kind.why_off() for sentence in failures_of_fetching(kind, move)]


def failures_of_fetching(kind: Kind, progress: Progress) -> list[str]:
    """Fetch what a kind needs. Returns sentences about what went wrong."""
    try:
        kind.fetch(progress)
    except SpaceUnavailable as problem:
        return [str(problem), "Until then search by appearance works; manage.py fetch_models tries again."]
    return []


class Housekeeper:
    """Does again and again what no job does: rescues jobs of dead workers, and takes up new and complete spaces."""

    def __init__(self, processes: IndexingProcesses | None = None) -> None:
        self.processes = processes or IndexingProcesses()
        self.known: set[int] = set()
        self.looks = upkeep.Looks()

    def keep_house(self) -> None:
        """Make a round every `SECONDS_BETWEEN_ROUNDS`, for ever."""
        while True:
            time.sleep(SECONDS_BETWEEN_ROUNDS)
            try:
                self.go_round()
            except (OperationalError, InterfaceError, ProcessFailed) as problem:
                # The worker says that the database is away, and waits for it.
                logger.debug("%s", problem)
            except Exception:
                logger.exception("Housekeeping failed; it is tried again.")

    def go_round(self) -> None:
        """Do all of it once."""
        close_old_connections()
        jobs.sweep()
        clear_away()
        spaces.mark_ready()
        rounds.go_round()
        self.looks.look()
        keypoints.look_ahead()
        # Last: it waits for its turn in a child process, which may be busy.
        self.take_up_new_spaces()
        close_old_connections()

    def take_up_new_spaces(self) -> list[str]:
        """Queue the images that a new space lacks: its model may have been fetched by hand.

        Returns a sentence for each kind of space that is not available.
        """
        targets, notices = self.processes.run(spaces.ensure_spaces)
        new = [space for space in targets if space.pk not in self.known]
        if new:
            jobs.defer_forgotten(new)
            self.known |= {space.pk for space in new}
        return notices
