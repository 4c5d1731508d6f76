"""How the server is set up, whatever the environment says, and what can be done with it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from superpixel_site.embedded_postgres import binaries, server
from tests.site.embedded.trials import NONSENSE, Holder, copied, end_all, postmaster_of, sql

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "mmap",
    "logging_collector": "on",
    "log_directory": "logs",
    "server_encoding": "UTF8",
    "lc_messages": "C",
}


@pytest.fixture(scope="module")
def shared(template: Path) -> Iterator[Path]:
    """One database for these tests."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        Path(name).chmod(0o755)
        data = copied(template, Path(name, "postgres"))
        yield data
        server.leave(data)
        end_all(data.parent)


@pytest.fixture(scope="module")
def running(shared: Path) -> server.Server:
    return server.start(shared)


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(running: server.Server, name: str) -> None:
    assert sql(running, f"SHOW {name}") == SETTINGS[name]


def test_letters_of_all_languages_have_two_cases(running: server.Server) -> None:
    """Although LC_ALL was nonsense, and LANG was C, when the database was made."""
    assert sql(running, "SELECT 'ÄÖ ŽLUŤ' ILIKE 'äö žluť' AND upper('ß ž') = 'ß Ž'")
    assert (
        sql(running, "SELECT concat(datlocprovider, datlocale) FROM pg_database WHERE datname = 'template1'")
        == "bC.UTF-8"
    )


def test_what_the_environment_says_of_other_servers_is_ignored(shared: Path, running: server.Server) -> None:
    holder = Holder(shared, environment=os.environ | NONSENSE)
    assert holder.host == running.host
    assert holder.release() == ""


def test_the_log_is_kept_for_a_week(shared: Path, running: server.Server) -> None:
    (log,) = (shared / "logs").iterdir()
    assert log.name.startswith("postgresql-")
    assert "ready to accept connections" in log.read_text()
    assert "could not receive data" not in log.read_text(), "asking whether it answers leaves no trace"
    assert sql(running, "SHOW log_truncate_on_rotation") == "on"


def test_an_index_is_built_in_parallel_without_shared_memory_of_the_system(
    shared: Path, running: server.Server
) -> None:
    """A container has 64 MB of that."""
    sql(
        running,
        """
        CREATE EXTENSION vector;
        CREATE TABLE points AS SELECT array[random(), random(), random(), random()]::vector(4) AS at
            FROM generate_series(1, 3000);
        ALTER TABLE points SET (parallel_workers = 2);
        SET max_parallel_maintenance_workers = 2;
        SET maintenance_work_mem = '200MB';
        CREATE INDEX nearest ON points USING hnsw (at vector_l2_ops);
        """,
    )
    assert sql(running, "SELECT pg_relation_size('nearest')") > 0
    maps = Path("/proc", str(postmaster_of(shared)), "maps")
    if maps.exists():
        assert "/dev/shm" not in maps.read_text()


def test_unaccent_is_there(running: server.Server) -> None:
    sql(running, "CREATE EXTENSION unaccent")
    assert sql(running, "SELECT unaccent('Příliš žluťoučký Ångström')") == "Prilis zlutoucky Angstrom"


def test_a_dump_can_be_restored(running: server.Server, tmp_path: Path) -> None:
    sql(running, "CREATE DATABASE before")
    connection = ["--host", running.host, "--port", running.port, "--username", running.user]
    run("psql", *connection, "before", "--command", "CREATE EXTENSION vector; CREATE EXTENSION unaccent")
    run("psql", *connection, "before", "--command", "CREATE TABLE kept AS SELECT '[1,2,3]'::vector AS at, 'ž' AS name")
    run("pg_dump", *connection, "--format=custom", "--file", str(tmp_path / "dump"), "before")
    sql(running, "CREATE DATABASE after")
    run("pg_restore", *connection, "--exit-on-error", "--dbname=after", str(tmp_path / "dump"))
    rows = run("psql", *connection, "after", "--tuples-only", "--no-align", "--command", "SELECT at, name FROM kept")
    assert rows == "[1,2,3]|ž\n"


def run(program: str, *arguments: str) -> str:
    command = [str(binaries.program(program)), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PGCLIENTENCODING": "UTF8"}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
