"""A worker that outlives its database: it waits for it as long as it takes, and stops within seconds when told to.

Procrastinate's own worker ends when the database is lost, or goes on without noticing that a job's end was not written
down. And told to stop meanwhile it waits for its pool, 30 seconds each time it wants to say something. So here jobs are
run in sessions: what touches a lost database ends the session, and the next one begins with a sweep.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

from gallery import jobs
from gallery.index import hnsw
from gallery.index.indexing_process import IndexingProcesses
from gallery.jobs import images, keypoints, upkeep  # noqa: F401  procrastinate knows tasks whose modules have been imported

logger = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A session that lasted so long was a good one: the next pause is short again.
SECONDS_OF_A_GOOD_SESSION = 60.0
# The server tells of new jobs; looking for them shows as well that it is still there.
SECONDS_BETWEEN_LOOKS = 2.0
# How long the pool looks for a connection that works.
SECONDS_FOR_A_CONNECTION = 1.0
SECONDS_TO_CLOSE = 0.5
# A job that has begun is finished first, but not for ever: it is done again by the next worker.
SECONDS_TO_FINISH_JOBS = 3.0
SECONDS_TO_STOP = 4.5


class PatientWorker:
    """Runs jobs until told to stop, or with `once` until none is left.

    Parameters
    ----------
    processes : the children that do the work
    long_processes : the child that does what takes minutes
    prepare : what to do with the database before jobs are run, each time that it is back
    """

    def __init__(
        self,
        processes: IndexingProcesses,
        long_processes: IndexingProcesses,
        prepare: Callable[[], None],
        *,
        concurrency: int,
        once: bool,
    ) -> None:
        self.processes, self.long_processes, self.prepare = processes, long_processes, prepare
        self.concurrency, self.once = concurrency, once
        self.is_stopping = False
        self.pause = SHORTEST_PAUSE
        self.session: asyncio.Task[Any] | None = None

    def run(self) -> None:
        """Work, and wait for the database whenever it is away."""
        with self._signals_handled(), _told_once():
            while self._is_interrupted():
                self._wait_for_database()

    def _is_interrupted(self) -> bool:
        """Prepare and run jobs; whether that ended too early, because the database was lost."""
        began = time.monotonic()
        try:
            close_old_connections()
            self.prepare()
            is_lost = asyncio.run(self._run_jobs())
        except Exception as problem:
            if not is_about_the_connection(problem):
                raise
            is_lost = True
        if time.monotonic() - began > SECONDS_OF_A_GOOD_SESSION:
            self.pause = SHORTEST_PAUSE
        return is_lost and not self.is_stopping

    async def _run_jobs(self) -> bool:
        """Run jobs to the end of a session; whether it is too early."""
        self.session = asyncio.current_task()
        connector = _Connector()
        with suppress(asyncio.CancelledError), app.replace_connector(connector):
            async with app.open_async():
                workers = (
                    self._worker(jobs.QUEUE, self.processes, self.concurrency),
                    self._worker(jobs.LONG_QUEUE, self.long_processes, 1),
                    # Its jobs wait for the database server: they need no process.
                    self._worker(jobs.UPKEEP_QUEUE, self.long_processes, 1),
                )
                connector.when_lost = lambda: _stop_all(workers)
                await _run_together(workers)
        return connector.is_lost or not self.once

    def _worker(self, queue: str, processes: IndexingProcesses, concurrency: int) -> Worker:
        return Worker(
            app,
            queues=[queue],
            concurrency=concurrency,
            wait=not self.once,
            delete_jobs="successful",
            additional_context={"processes": processes},
            install_signal_handlers=False,
            fetch_job_polling_interval=SECONDS_BETWEEN_LOOKS,
        )

    def _wait_for_database(self) -> None:
        logger.warning("The database is lost: the worker waits until it is back.")
        while True:
            time.sleep(self.pause)
            self.pause = min(2 * self.pause, LONGEST_PAUSE)
            try:
                connection.close()
                connection.ensure_connection()
            except (OperationalError, InterfaceError) as problem:
                logger.debug("%s", problem)
            else:
                logger.warning("The database is back.")
                return

    @contextmanager
    def _signals_handled(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, known in before.items():
                signal.signal(number, known)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Stop in good order where that is possible, and anyway after `SECONDS_TO_STOP`."""
        if not self.is_stopping:
            self.is_stopping = True
            # What takes minutes does not end by itself in time, and begins again anyway.
            _later(0, self.long_processes.end)
            _later(0, hnsw.stop_building)
            _later(SECONDS_TO_FINISH_JOBS, self.processes.end)
            # Threads may be waiting for a server that never answers. Nothing of theirs is lost.
            _later(SECONDS_TO_STOP, lambda: os._exit(0))
        loop = self.session.get_loop() if self.session else None
        if self.session is None or loop is None or not loop.is_running():
            sys.exit(0)
        loop.call_soon_threadsafe(self.session.cancel)


async def _run_together(workers: Iterable[Worker]) -> None:
    """Run workers until each has ended; where one fails, the others end with it. The first error is raised."""
    problem: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker.run())  # type: ignore[no-untyped-call]
    except BaseExceptionGroup as problems:
        problem = problems.exceptions[0]
    if problem is not None:
        # Not `from` anything: its own cause says whether the connection was lost.
        raise problem


def _stop_all(workers: Iterable[Worker]) -> None:
    for worker in workers:
        worker.stop()  # type: ignore[no-untyped-call]


class _Connector(PsycopgConnector):
    """The worker's connections. When the database does not answer one of its queries, the session ends."""

    def __init__(self) -> None:
        super().__init__(kwargs=connector_params(), min_size=1, max_size=6, timeout=SECONDS_FOR_A_CONNECTION)
        self.is_lost = False
        self.when_lost: Callable[[], None] = lambda: None

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        with self._noticing():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        with self._noticing():
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
            return row

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        with self._noticing():
            rows: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
            return rows

    async def close_async(self) -> None:
        # By default 5 seconds, in which it tries to connect once more.
        await self.pool.close(timeout=SECONDS_TO_CLOSE)
        await super().close_async()

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except ConnectorException as problem:
            if is_about_the_connection(problem):
                self.is_lost = True
                self.when_lost()
            raise


def is_about_the_connection(problem: BaseException | None) -> bool:
    """Whether an error says that the database cannot be reached, or could not go on."""
    if isinstance(problem, ConnectorException):
        problem = problem.__cause__
    return isinstance(problem, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError)


@contextmanager
def _told_once() -> Iterator[None]:
    """Keep libraries from telling of a lost database in many lines: the worker says it in one."""
    handlers = logging.getLogger().handlers
    for handler in handlers:
        handler.addFilter(_is_news)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    library = record.name.partition(".")[0]
    if record.name == "psycopg.pool":
        return False
    return library not in ("procrastinate", "asyncio") or not (
        record.exc_info and is_about_the_connection(record.exc_info[1])
    )


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
