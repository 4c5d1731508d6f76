"""How much of a web process its clients may hold, and for how long."""

from __future__ import annotations

import resource
from dataclasses import dataclass

MIB = 2**20
# A connection is a file, and so is a body on its way in, and a large answer on its way out.
FILES_OF_A_CONNECTION = 3
FILES_OF_THE_PROCESS = 256


@dataclass(frozen=True)
class Limits:
    """All limits of one process. Times are in seconds."""

    connections: int = 2000
    unfinished_of_an_address: int = 100  # connections whose request is not whole yet
    waiting: int = 200  # requests that wait for a thread
    header_bytes: int = 32 * 1024
    body_bytes: int = 201 * MIB
    held_bytes: int = 1024 * MIB  # bodies and answers of all clients, most of them on disk

    headers: float = 15.0
    # Bodies and answers: so many bytes have to come or go in every so many seconds, which is 1 KiB a second.
    progress: float = 20.0
    progress_bytes: int = 20 * 1024
    # Longer than proxies (nginx: 60) and most browsers leave a connection unused: the end that closes it must not be
    # ours, since a request that is on its way then is lost.
    idle: float = 75.0
    # For a client that still sends what was refused: it reads the refusal when it has sent all.
    lingering: float = 30.0
    stopping: float = 5.0  # for requests that run when the server is told to stop
    between_looks: float = 1.0


def raise_file_limit(limits: Limits) -> int:
    """Let this process open the files that so many connections need; returns how many connections it can have."""
    wanted = limits.connections * FILES_OF_A_CONNECTION + FILES_OF_THE_PROCESS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return limits.connections
    return max(1, min(limits.connections, (soft - FILES_OF_THE_PROCESS) // FILES_OF_A_CONNECTION))
