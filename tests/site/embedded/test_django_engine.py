"""The database engine that brings its own server: processes share it, and the last one stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from superpixel_site.checks import available_pgvector, check_pgvector
from superpixel_site.settings import BASE_DIR

HOLD = """
import sys, django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "superpixel_site.embedded_postgres", "NAME": "postgres",
                                          "OPTIONS": {"data": sys.argv[1]}}})
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_postmaster_start_time()")
    print(cursor.fetchone()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder under a short path: a socket's name may not be long."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        # The server runs as a user of its own when root starts it.
        Path(folder).chmod(0o755)
        yield Path(folder) / "postgres"


def hold(data: Path) -> subprocess.Popen[str]:
    """A process with an open connection, until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(data)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR)


def started(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def release(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def server_of(data: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(data) in (p.info["cmdline"] or [])]


def wait_until_stopped(data: Path) -> None:
    deadline = time.monotonic() + 30
    while server_of(data) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not server_of(data)


def test_two_processes_share_a_server_and_the_last_one_stops_it(data: Path) -> None:
    first = hold(data)
    start_time = started(first)
    second = hold(data)
    assert started(second) == start_time
    release(first)
    assert server_of(data)
    release(second)
    wait_until_stopped(data)


def test_a_killed_process_does_not_keep_the_server_running(data: Path) -> None:
    killed = hold(data)
    started(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert server_of(data)
    last = hold(data)
    started(last)
    release(last)
    wait_until_stopped(data)


def test_nor_does_one_that_is_killed_while_the_last_one_runs(data: Path) -> None:
    last, killed = hold(data), hold(data)
    started(last)
    started(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    release(last)
    wait_until_stopped(data)


def test_a_folder_that_was_left_may_be_deleted(data: Path) -> None:
    program = (
        "import shutil, sys; from pathlib import Path; from superpixel_site.embedded_postgres import server;"
        "data = Path(sys.argv[1]); server.start(data); server.leave(data); shutil.rmtree(data)"
    )
    command = [sys.executable, "-c", program, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=BASE_DIR, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    wait_until_stopped(data)


def test_it_says_which_folder_it_needs() -> None:
    program = HOLD.replace('{"data": sys.argv[1]}', "{}")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=BASE_DIR, check=False)
    assert 'needs OPTIONS["data"]' in done.stderr


@pytest.mark.django_db
def test_the_bundled_pgvector_is_recent_enough() -> None:
    assert check_pgvector(available_pgvector("default")) == []


@pytest.mark.parametrize(("version", "code"), [("0.8.3", "E002"), ("0.7", "E002"), (None, "E001")])
def test_an_old_or_missing_pgvector_is_an_error(version: str | None, code: str) -> None:
    (error,) = check_pgvector(version)
    assert error.id == f"superpixel_site.{code}"


@pytest.mark.parametrize("version", ["0.8.4", "0.8.5", "0.10.0", "1.0.0"])
def test_a_recent_pgvector_is_not(version: str) -> None:
    assert check_pgvector(version) == []


def test_the_environment_of_a_test_run_is_postgresql() -> None:
    from django.db import connection

    assert connection.vendor == "postgresql"
    assert os.environ.get("DATABASE_URL") or connection.settings_dict["ENGINE"] == "superpixel_site.embedded_postgres"
