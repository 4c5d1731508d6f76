"""The web processes, as programs that a supervisor keeps running."""

from __future__ import annotations

import os
import socket
import sys

from superpixel_site.supervisor import Program

# glibc gives each thread that allocates an arena of its own, up to eight for each core, and rarely hands them back.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}


def programs(listening: socket.socket, n_processes: int) -> list[Program]:
    """So many processes that share one listening socket."""
    command = [sys.executable, "manage.py", "web", "--socket", str(listening.fileno())]
    environment = {**ENVIRONMENT, **os.environ}
    return [
        Program(f"Web process {number}", command, environment, [listening.fileno()])
        for number in range(1, n_processes + 1)
    ]
