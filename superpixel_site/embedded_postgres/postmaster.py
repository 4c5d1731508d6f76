"""The postmaster, PostgreSQL's first process: what it says of itself, whether it lives, whether it answers."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from superpixel_site.embedded_postgres.sockets import SOCKET

PROC = Path("/proc")
HAS_PROC = (PROC / "self").exists()
# Version 3.0 of the protocol, and the database that is always there.
PROTOCOL = 3 << 16
GREETING = b"user\0postgres\0database\0postgres\0\0"
FAREWELL = struct.pack("!cI", b"X", 4)
CANNOT_CONNECT_NOW = b"C57P03"
SECONDS_TO_ANSWER = 5.0
SECONDS_TO_RECOVER = 20.0
# Fast shutdown, and what there is if that takes too long: the next start then recovers from the log.
WAYS_TO_STOP = ((signal.SIGINT, 40.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


class Status(NamedTuple):
    """What the file `postmaster.pid` says; it may be left by a server that is dead."""

    pid: int
    socket_folder: Path
    is_ready: bool


def read_status(data: Path) -> Status | None:
    """The first, fifth and eighth line of `postmaster.pid`; None where there is no such file."""
    try:
        lines = (data / "postmaster.pid").read_bytes().split(b"\n")
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    lines += [b""] * 8
    return Status(pid, Path(os.fsdecode(lines[4])), lines[7].strip() == b"ready")


def is_postgres(pid: int, data: Path) -> bool:
    """Whether this process is PostgreSQL at work in this data folder: a number alone may be anybody's by now."""
    if not HAS_PROC:
        return _looks_like_postgres(pid, data)
    try:
        command = (PROC / str(pid) / "comm").read_text(errors="replace").strip()
        # All processes of PostgreSQL work in the data folder. A zombie works nowhere.
        return command == "postgres" and (PROC / str(pid) / "cwd").samefile(data)
    except OSError:
        return False


def _looks_like_postgres(pid: int, data: Path) -> bool:
    """The same where there is no /proc, by the postmaster's command line."""
    done = subprocess.run(["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return b"postgres -D " + os.fsencode(data) in done.stdout


def processes(data: Path) -> Iterator[int]:
    """All processes of PostgreSQL at work in a data folder, as far as the system tells."""
    for entry in PROC.iterdir() if HAS_PROC else ():
        if entry.name.isdigit() and is_postgres(int(entry.name), data):
            yield int(entry.name)


def kill(pid: int, sign: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, sign)


class Postmaster:
    """A postmaster over a data folder: a child of this process, or one that outlived the process that started it."""

    def __init__(self, data: Path, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.data, self.pid, self.child = data, pid, child

    def is_alive(self) -> bool:
        return self.child.poll() is None if self.child else is_postgres(self.pid, self.data)

    def is_ready(self) -> bool:
        status = read_status(self.data)
        return status is not None and status.pid == self.pid and status.is_ready and answers(status.socket_folder)

    def stop(self) -> None:
        """End all sessions, then the server; returns when its first process has ended."""
        self.let_recover()
        self.end_by(WAYS_TO_STOP)

    def stop_without_writing(self) -> None:
        """End it as if it had crashed: what is done is in its log of changes."""
        self.end_by(WAYS_TO_STOP[1:])

    def end_by(self, ways: Iterable[tuple[signal.Signals, float]]) -> None:
        for sign, seconds in ways:
            deadline = time.monotonic() + seconds
            if self.is_alive():
                kill(self.pid, sign)
            while self.is_alive() and time.monotonic() < deadline:
                time.sleep(0.02)

    def let_recover(self) -> None:
        """Wait until a server that was ready, and whose session was killed, has recovered from that.

        Told to stop meanwhile, it never does (seen with 18.6). One that is only starting does.
        """
        deadline = time.monotonic() + SECONDS_TO_RECOVER
        while self.is_alive() and (status := read_status(self.data)) and time.monotonic() < deadline:
            if not status.is_ready or answers(status.socket_folder):
                return
            time.sleep(0.02)


def answers(socket_folder: Path) -> bool:
    """Whether a server takes connections in this folder, asked by opening a session and ending it.

    A socket that can be connected to is not enough: it takes connections while the server recovers, or hangs.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS_TO_ANSWER)
        try:
            connection.connect(str(socket_folder / SOCKET))
            connection.sendall(struct.pack("!II", len(GREETING) + 8, PROTOCOL) + GREETING)
            with connection.makefile("rb") as replies:
                takes = _takes_sessions(replies)
        except (OSError, struct.error):
            return False
        # A session that is broken off would be written into the server's log; one that was refused has ended.
        with suppress(OSError):
            connection.sendall(FAREWELL)
    return takes


def _takes_sessions(replies: IO[bytes]) -> bool:
    """Read until the server waits for a query, or refuses. One that refuses because it is full does answer."""
    while True:
        kind, length = struct.unpack("!cI", replies.read(5))
        body = replies.read(length - 4)
        if kind == b"E":
            return CANNOT_CONNECT_NOW not in body.split(b"\0")
        if kind == b"Z":
            return True
