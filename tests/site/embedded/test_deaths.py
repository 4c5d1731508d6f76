"""Whatever is killed, the next connection finds a server, and nobody else is harmed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from superpixel_site.embedded_postgres import locks, postmaster, server
from tests.site.embedded.trials import (
    Holder,
    copied,
    keepers_of,
    postmaster_of,
    running_in,
    sql,
    wait_for,
    wait_until_all_ended,
)


def test_a_dead_server_is_started_again(data: Path) -> None:
    started = server.start(data)
    sql(started, "CREATE TABLE kept AS SELECT 42 AS value")
    os.kill(postmaster_of(data), signal.SIGKILL)
    again = server.start(data)
    assert sql(again, "SELECT value FROM kept") == 42
    assert again == started, "a pool of connections knows the old address"


def test_it_is_even_if_nobody_asks(data: Path) -> None:
    server.start(data)
    dead = postmaster_of(data)
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: server.running(data))
    assert postmaster_of(data) != dead


def test_it_is_while_a_query_goes_on(data: Path) -> None:
    """A busy child of a dead server works on the data, unaware, and would keep another server from starting."""
    started = server.start(data)
    busy = threading.Thread(target=count_for_long, args=[started])
    busy.start()
    wait_for(lambda: sql(started, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%count%for%long%'") == 2)
    os.kill(postmaster_of(data), signal.SIGKILL)
    since = time.monotonic()
    assert sql(server.start(data), "SELECT 1") == 1
    assert time.monotonic() - since < 100
    busy.join()


def count_for_long(started: server.Server) -> None:
    with suppress(psycopg.OperationalError):
        sql(started, "SELECT count(*) AS for_long FROM generate_series(1, 10000000000) AS numbers")


def test_it_is_when_a_session_is_killed(data: Path) -> None:
    """Then the server ends all sessions and recovers: it is there all the time, but takes no connections."""
    kill_a_session(server.start(data))
    # The kernel may tell us first: then the server takes a connection and breaks it off.
    wait_for(lambda: answers_sql(data))
    kill_a_session(server.start(data))
    server.leave(data)
    assert not running_in(data), "told to stop while it recovers, it would wait for ever"


def kill_a_session(started: server.Server) -> None:
    with psycopg.connect(host=started.host, user=started.user, dbname="postgres", port=started.port) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(10)")


def answers_sql(data: Path) -> bool:
    with suppress(psycopg.OperationalError):
        return bool(sql(server.start(data), "SELECT true"))
    return False


def test_a_new_keeper_takes_over_the_server_of_a_killed_one(data: Path) -> None:
    started = server.start(data)
    before = postmaster_of(data)
    kill_keeper(data)
    assert server.start(data) == started
    assert postmaster_of(data) == before
    os.kill(before, signal.SIGKILL)
    assert server.start(data) == started, "it is the parent of the next one"
    server.leave(data)
    assert not running_in(data)


def test_leaving_stops_the_server_of_a_killed_keeper(data: Path) -> None:
    host = server.start(data).host
    kill_keeper(data)
    server.leave(data)
    assert not running_in(data)
    assert not Path(host).exists()


def test_both_may_die(data: Path) -> None:
    holder = Holder(data)
    host = holder.host
    kill_keeper(data)
    os.kill(postmaster_of(data), signal.SIGKILL)
    assert server.start(data).host == host
    holder.kill()
    server.leave(data)
    assert not running_in(data)


def test_a_number_that_another_program_has_by_now_is_not_taken_for_a_server(data: Path) -> None:
    innocent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    server.start(data)
    lines = (data / "postmaster.pid").read_text().splitlines(keepends=True)
    kill_keeper(data)
    os.kill(postmaster_of(data), signal.SIGKILL)
    wait_for(lambda: locks.can_take(data, locks.SERVER, exclusive=True))
    (data / "postmaster.pid").write_text("".join([f"{innocent.pid}\n", *lines[1:]]))

    assert sql(server.start(data), "SELECT 1") == 1
    assert postmaster_of(data) != innocent.pid
    server.leave(data)
    assert not running_in(data)
    assert innocent.poll() is None
    innocent.communicate()
    assert innocent.returncode == 1


def test_a_server_that_hangs_is_not_handed_out(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmaster, "SECONDS_TO_ANSWER", 0.3)
    server.start(data)
    os.kill(postmaster_of(data), signal.SIGSTOP)
    try:
        assert server.running(data) is None
    finally:
        os.kill(postmaster_of(data), signal.SIGCONT)
    wait_for(lambda: server.running(data))


def test_a_database_that_is_deleted_while_it_is_used_does_not_come_back(own_copy: Path) -> None:
    host = server.start(own_copy).host
    (keeper,) = keepers_of(own_copy)
    own_copy.rename(own_copy.with_name("away"))
    keeper.wait(timeout=100)
    assert not Path(host).exists()
    assert not own_copy.exists()
    wait_until_all_ended(own_copy)


def test_another_database_may_take_its_place(own_copy: Path, template: Path) -> None:
    """Stopped in an orderly way, the server over the old one would write into the new one."""
    server.start(own_copy)
    (before,) = keepers_of(own_copy)
    away = own_copy.parent / "away"
    away.mkdir()
    for path in (own_copy, locks.folder_for(own_copy)):
        path.rename(away / path.name)
    copied(template, own_copy)
    assert sql(server.start(own_copy), "SELECT 1") == 1
    before.wait(timeout=100)
    assert len(keepers_of(own_copy)) == 1


def kill_keeper(data: Path) -> None:
    (keeper,) = keepers_of(data)
    keeper.kill()
    wait_for(lambda: locks.can_take(data, locks.KEEPER, exclusive=False))
