"""Starting, joining and leaving the embedded PostgreSQL server: what the rest of the site calls."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from superpixel_site.embedded_postgres import binaries, cluster, locks, postmaster
from superpixel_site.embedded_postgres.errors import ServerError, SetupError, from_report
from superpixel_site.embedded_postgres.sockets import PORT

KEEPER = "superpixel_site.embedded_postgres.keeper"
CODE = Path(__file__).resolve().parents[2]
# A server that crashed reads its log of changes before it takes connections.
SECONDS_TO_START = 120.0
SECONDS_TO_STOP = 90.0
SECONDS_BETWEEN_LOOKS = 0.02

# The lock `users` of each data folder that this process uses. A forked process shares it with its parent: it is let go
# when both have closed it.
_held: dict[Path, int] = {}
_mutex = threading.Lock()


def _renew_mutex() -> None:
    """In a forked process: the thread that held the mutex may not be there."""
    global _mutex  # noqa: PLW0603
    _mutex = threading.Lock()


os.register_at_fork(after_in_child=_renew_mutex)


class Server(NamedTuple):
    """How a server that runs is connected to: by a Unix socket, without a password."""

    host: str  # The folder of the socket, as PostgreSQL's clients take it.
    port: str = PORT
    user: str = "postgres"


def start(data: Path) -> Server:
    """Start the server over the folder `data`, or join the one that runs already.

    This process uses the server until it ends or leaves; the server stops when no process uses it.

    Parameters
    ----------
    data
        PostgreSQL's data folder; made, with its parents, when it is not there.

    Raises
    ------
    SetupError
        If it cannot run here until a person changes something.
    ServerError
        If it does not start, with its last words, or does not answer in time.
    """
    data = _resolved(data)
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        # Each time: who deletes the folder meanwhile deletes the lock that is held.
        _hold(data)
        if found := _running(data):
            return found
        if locks.can_take(data, locks.KEEPER, exclusive=False):
            _start_keeper(data)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise ServerError(f"PostgreSQL over {data} did not answer for {SECONDS_TO_START:.0f} seconds.")


def running(data: Path) -> Server | None:
    """The server over the folder `data` if it runs and answers, without starting or using it."""
    data = _resolved(data)
    return _running(data) if locks.folder_for(data).is_dir() else None


def leave(data: Path) -> None:
    """Let go of the server now instead of at the end of this process, and wait until it has stopped.

    It does not stop, and nothing is waited for, while another process uses it.
    """
    data = _resolved(data)
    with _mutex:
        held = _held.pop(data, None)
    if held is None:
        return
    os.close(held)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline and not _is_left_to_others(data):
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _resolved(data: Path) -> Path:
    if "\n" in str(data):
        raise SetupError(f"PostgreSQL cannot use a folder with a line break in its name: {str(data)!r}.")
    # Two names of one folder are one database, with one set of locks.
    return data.resolve()


def _hold(data: Path) -> None:
    with _mutex:
        held = _held.get(data)
        if held is not None and locks.is_current(data, locks.USERS, held):
            return
        if held is not None:
            os.close(_held.pop(data))
        locks.prepare(data)
        users = locks.open_lock(data, locks.USERS)
        # A keeper that stops the server has it exclusively, and ends with that.
        if not locks.take(users, exclusive=False, patience=SECONDS_TO_STOP):
            os.close(users)
            raise ServerError(f"PostgreSQL over {data} has been stopping for {SECONDS_TO_STOP:.0f} seconds.")
        _held[data] = users


def _running(data: Path) -> Server | None:
    """A server that is ready, answers, and has a keeper who will stop it: without one it would run for ever."""
    try:
        status = postmaster.read_status(data)
    except PermissionError:
        raise SetupError(f"The database {data} belongs to another user: run this as that user.") from None
    if not status or not status.is_ready or locks.can_take(data, locks.KEEPER, exclusive=False):
        return None
    return Server(str(status.socket_folder)) if postmaster.answers(status.socket_folder) else None


def _start_keeper(data: Path) -> None:
    """Start a keeper and wait until its server is ready. If another one was first, this one ends, and all is well."""
    binaries.check_processor()
    command = [sys.executable, "-s", "-S", "-X", "utf8", "-m", KEEPER, str(data), str(binaries.folder())]
    try:
        done = subprocess.run(
            command,
            cwd=CODE,
            env=cluster.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_TO_START,
            start_new_session=True,
            check=False,
        )
    except OSError as problem:
        raise ServerError(f"Python ({sys.executable}) cannot be started: {problem.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise ServerError(
            f"PostgreSQL over {data} is not ready after {SECONDS_TO_START:.0f} seconds, and goes on starting."
        ) from None
    # Before it is detached, all that can fail is Python itself.
    if report := done.stdout or (done.stderr if done.returncode else b""):
        raise from_report(report)


def _is_left_to_others(data: Path) -> bool:
    """Whether the server has stopped, or another process uses it."""
    if not locks.folder_for(data).is_dir():
        return True
    if locks.can_take(data, locks.KEEPER, exclusive=False):
        if not (data / "postmaster.pid").exists():
            return True
        # Its keeper was killed. A new one takes the server over, and stops it if nobody uses it.
        with contextlib.suppress(ServerError):
            _start_keeper(data)
        return True
    nobody = locks.can_take(data, locks.USERS, exclusive=True)
    return not nobody and locks.can_take(data, locks.USERS, exclusive=False)
