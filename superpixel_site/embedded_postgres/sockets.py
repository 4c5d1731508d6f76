"""The folder of the server's socket: for its own user alone, since whoever reaches the socket needs no password.

It is not in the data folder, whose path may be too long for a socket's name (some hundred bytes) or hold a comma, which
separates several servers for every client of PostgreSQL.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from superpixel_site.embedded_postgres.errors import SetupError

PORT = "5432"
SOCKET = f".s.PGSQL.{PORT}"
PREFIX = "superpixel-pg-"
LONGEST = 100


def make() -> Path:
    """A fresh folder that only the user of this process may enter, under a short path."""
    for parent in dict.fromkeys(("/tmp", tempfile.gettempdir())):  # nosec B108 # mkdtemp makes it private
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError:
            continue
        if len(os.fsencode(folder / SOCKET)) <= LONGEST and "," not in str(folder):
            return folder
        folder.rmdir()
    raise SetupError("PostgreSQL's socket needs a folder with a short name: neither /tmp nor TMPDIR lets one be made.")


def is_ours(folder: Path) -> bool:
    """Whether `make` made it, for this user, and it is still closed to all others.

    The name comes from a file that the server writes, and the folder lies where everybody may write.
    """
    try:
        status = folder.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077 and status.st_uid == os.geteuid()
    return private and folder.name.startswith(PREFIX)


def clear(folder: Path) -> None:
    """Remove what a dead server left in its folder; a number in it may be another program's by now."""
    for name in (SOCKET, f"{SOCKET}.lock"):
        (folder / name).unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Remove the folder of a server that has stopped."""
    if is_ours(folder):
        clear(folder)
        folder.rmdir()
