"""A pool of connections to the embedded server, as web processes have one: bounded, and it outlives the server."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg_pool
import pytest
from django.db import OperationalError, connections
from django.db.utils import DEFAULT_DB_ALIAS

from superpixel_site import web_database
from superpixel_site.database_problems import is_cancelled, is_unreachable
from superpixel_site.embedded_postgres import postmaster, server
from tests.site.embedded.trials import keepers_of, postmaster_of, sql, wait_for

THREADS = 8


@pytest.fixture
def pooled(data: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """A database of Django's over the data folder, as web processes have it; pauses are as short as they can be."""
    described = connections[DEFAULT_DB_ALIAS].settings_dict | {
        "ENGINE": "superpixel_site.embedded_postgres",
        "NAME": "postgres",
        "OPTIONS": {"data": str(data)},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    described |= {"USER": "", "HOST": "", "PORT": ""}
    settings.WEB_CONCURRENCY, settings.DATABASE_CONNECTIONS = 2, 2 * THREADS
    settings.STATEMENT_TIMEOUT_SECONDS = 1
    web_database.change(described)
    monkeypatch.setitem(connections.settings, "embedded", described)
    with django_db_blocker.unblock():
        yield
        connections["embedded"].close()
        connections["embedded"].close_pool()  # type: ignore[attr-defined]
        del connections["embedded"]


def ask(query: str = "SELECT pg_backend_pid()", meet: threading.Barrier | None = None) -> Any:
    """What one request does: a connection from the pool, a query, and the connection back."""
    connection = connections["embedded"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            if meet:
                meet.wait(100)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def at_once(number: int) -> set[int]:
    """The sessions of so many requests, each of which holds its own until all have one."""
    meet = threading.Barrier(number)
    with ThreadPoolExecutor(number) as threads:
        return set(threads.map(lambda _: ask(meet=meet), range(number)))


def kill(data: Path, sessions: set[int]) -> None:
    """Kill the server, and wait for the end of its sessions, which go on for a moment."""
    os.kill(postmaster_of(data), signal.SIGKILL)
    wait_for(lambda: not any(postmaster.is_postgres(session, data) for session in sessions))


def test_requests_share_few_connections(pooled: None, data: Path) -> None:
    assert len({ask() for _ in range(5)}) == 1
    assert len(at_once(THREADS)) == THREADS
    running = server.start(data)
    # The session of an earlier look at the server is listed for a moment after it has ended.
    wait_for(lambda: sql(running, "SELECT count(*) FROM pg_stat_activity WHERE client_port = -1") == THREADS + 1)


def test_one_more_waits_its_turn_and_is_told_when_none_comes(pooled: None) -> None:
    at_once(THREADS)
    pool = connections["embedded"].pool  # type: ignore[attr-defined]
    patience = pool.timeout
    meet = threading.Barrier(THREADS + 1)
    with ThreadPoolExecutor(THREADS) as threads:
        held = [threads.submit(ask, meet=meet) for _ in range(THREADS)]
        wait_for(lambda: meet.n_waiting == THREADS)
        pool.timeout = 0.5
        with pytest.raises(OperationalError) as caught:
            ask()
        assert isinstance(caught.value.__cause__, psycopg_pool.PoolTimeout) and is_unreachable(caught.value)
        pool.timeout = patience
        meet.wait(100)
        assert len({one.result() for one in held}) == THREADS
    assert ask()


def test_the_next_request_has_a_server_again(pooled: None, data: Path) -> None:
    """However many connections broke: the pool pauses longer after each, and would give up after five."""
    for _ in range(2):
        broken = at_once(THREADS)
        kill(data, broken)
        assert ask() not in broken


def test_it_has_when_the_keeper_died_as_well(pooled: None, data: Path) -> None:
    broken = at_once(3)
    for keeper in keepers_of(data):
        keeper.kill()
    kill(data, broken)
    assert ask() not in broken


def test_a_query_that_takes_too_long_is_ended_and_the_connection_kept(pooled: None) -> None:
    session = ask()
    with pytest.raises(OperationalError) as caught:
        ask("SELECT pg_sleep(30)")
    assert is_cancelled(caught.value) and not is_unreachable(caught.value)
    assert ask() == session
    assert ask("SHOW idle_in_transaction_session_timeout") == "2min"


def test_a_server_that_dies_during_a_query_is_no_fault_of_ours(pooled: None, data: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        broken = threads.submit(ask, "SELECT pg_sleep(30) /* during */")
        wait_for(lambda: sql(server.start(data), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%during */'"))
        os.kill(postmaster_of(data), signal.SIGKILL)
        problem = broken.exception(30)
    assert is_unreachable(problem)
    assert ask()
