"""The one socket that all web processes listen on, and who has it when it is taken."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAMILIES = (socket.AF_INET, socket.AF_INET6)


class CannotListen(Exception):
    """Says in one sentence why the address cannot be had."""


def bind(host: str, port: int, data_dir: Path) -> socket.socket:
    """Reserve an address: nobody is answered before `listen`.

    Parameters
    ----------
    host
        An IPv4 or IPv6 address, the latter with or without brackets, or a name. ``::`` stands for all addresses of both
        kinds.
    port
        From 1 to 65535.
    data_dir
        The site's data folder, where `announced` has left word of a server of this site.

    Raises
    ------
    CannotListen
        If there is no such address here, or it is taken.
    """
    family, address = resolved(host, port)
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listening.bind(address)
    except OSError as problem:
        listening.close()
        raise CannotListen(why_not(problem, host, port, data_dir)) from None
    return listening


def listen(listening: socket.socket, backlog: int, host: str, port: int, data_dir: Path) -> None:
    """Begin to take connections; `CannotListen` if another program was quicker."""
    try:
        listening.listen(backlog)
    except OSError as problem:
        raise CannotListen(why_not(problem, host, port, data_dir)) from None


def resolved(host: str, port: int) -> tuple[int, Any]:
    """The family and address that a host stands for; IPv4 where it has both."""
    name = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise CannotListen(f"HOST={host} is no address, and no name that is known here.") from None
    family, *_, address = min(
        (entry for entry in found if entry[0] in FAMILIES), key=lambda entry: FAMILIES.index(entry[0])
    )
    return family, address


def why_not(problem: OSError, host: str, port: int, data_dir: Path) -> str:
    if problem.errno == errno.EADDRINUSE:
        holder = running_at(port, data_dir)
        who = f"this site already (process {holder}, over the data in {data_dir})" if holder else "another program"
        advice = f"Stop it first (kill {holder}), or choose another" if holder else "Choose another"
        return f"Port {port} is taken by {who}. {advice} one: make run PORT={port + 1 if port < 65535 else 8000}"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"HOST={host} is no address of this machine."
    if problem.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one from 1024 on."
    return f"The site cannot listen at {host}, port {port}: {problem.strerror}."


# --- Which process listens -------------------------------------------------------------------------------------------


@contextmanager
def announced(port: int, data_dir: Path) -> Iterator[None]:
    """Leave word in the data folder that this process serves there, for one that finds the port taken."""
    path = note_of(port, data_dir)
    try:
        note = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError:  # a read-only folder: then nobody is told
        yield
        return
    with os.fdopen(note, "w", encoding="utf-8") as file:
        # The lock says that it is true, and ends with this process, however that ends.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate()
        json.dump({"pid": os.getpid()}, file)
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def running_at(port: int, data_dir: Path) -> int | None:
    """The process of this site, over this data folder, that serves at the port; None if there is none."""
    try:
        with note_of(port, data_dir).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(json.load(file)["pid"])
    except (OSError, ValueError, KeyError):
        return None
    return None


def note_of(port: int, data_dir: Path) -> Path:
    return data_dir / f"web-{port}.pid"
