"""What the tests of the embedded server share: processes that use it, looks at what runs, and SQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import psycopg

from superpixel_site.embedded_postgres import postmaster, server
from superpixel_site.settings import BASE_DIR

HOLD = """
import sys
from pathlib import Path
from superpixel_site.embedded_postgres import server
print(server.start(Path(sys.argv[1])).host, flush=True)
sys.stdin.read()
"""
PATIENCE = 100.0
# What a shell may have set for other programs, and what was decisive once when it was set at the first start.
NONSENSE = {"PGPORT": "1", "PGDATA": "/nowhere", "PGHOST": "nowhere.invalid", "LC_ALL": "xx_YY", "LANG": "C"}


class Holder:
    """A process that uses the server over a data folder until its standard input is closed."""

    def __init__(
        self, data: Path, environment: Mapping[str, str] | None = None, python: str = sys.executable, **options: Any
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-c", HOLD, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **{"cwd": BASE_DIR, **options},
        )

    @property
    def host(self) -> str:
        """The folder of the socket; waits until the server is there. Empty if it is not to be had."""
        assert self.process.stdout is not None
        return str(self.process.stdout.readline()).strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def release(self) -> str:
        """Let it end, and return what it had to complain about."""
        return str(self.process.communicate(timeout=PATIENCE)[1])


def copied(template: Path, data: Path) -> Path:
    subprocess.run(["cp", "--archive", "--", str(template), str(data)], check=True)
    return data


def sql(running: server.Server | str, query: str) -> Any:
    """The first value of the answer, on a connection of its own."""
    host = running if isinstance(running, str) else running.host
    with psycopg.connect(host=host, port=5432, user="postgres", dbname="postgres", autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def postmaster_of(data: Path) -> int:
    status = postmaster.read_status(data)
    assert status is not None
    return status.pid


def keepers_of(data: Path) -> list[psutil.Process]:
    return [process for process in running_in(data.parent) if any("keeper" in word for word in words_of(process))]


def running_in(folder: Path) -> list[psutil.Process]:
    """Every live process but this one that works in `folder` or names it on its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            named = any(str(folder) in word for word in process.cmdline()) or str(folder) in process.cwd()
            if named and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def words_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def wait_for(condition: Callable[[], object], patience: float = PATIENCE, pause: float = 0.02) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not so after {patience:.0f} seconds"
        time.sleep(pause)


def wait_until_all_ended(folder: Path) -> None:
    wait_for(lambda: not running_in(folder), pause=0.1)


def end_all(folder: Path) -> None:
    """End whatever a failed test left; what is on its way out may go by itself."""
    deadline = time.monotonic() + 5
    while (left := running_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in left:
        postmaster.kill(process.pid, signal.SIGKILL)
