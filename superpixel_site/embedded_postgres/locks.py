"""Three lock files beside the data folder, by which all processes that use it agree.

====== ========= ============================================================
users  shared    each process that uses the server, until it ends or leaves
keeper exclusive the keeper
server exclusive PostgreSQL: the postmaster and all its children inherit it
====== ========= ============================================================

The kernel drops a lock when the last process that has the file open ends, however it ends, and a zombie has no files
open. So no list of process numbers is kept, and none can be wrong: whoever gets `users` exclusively knows that nobody
uses the server, and whoever gets `server` that no process of PostgreSQL is left.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from pathlib import Path

from superpixel_site.embedded_postgres.accounts import Account, account_for
from superpixel_site.embedded_postgres.errors import SetupError

USERS, KEEPER, SERVER = "users", "keeper", "server"
# A link in place of a lock file could make root open, or give away, any file of the machine.
FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


def folder_for(data: Path) -> Path:
    return data.with_name(f"{data.name}.locks")


def prepare(data: Path) -> None:
    """Make the folder of the locks, its parents too, where they are missing; `SetupError` if that is not allowed."""
    folder = folder_for(data)
    try:
        if folder.is_dir():
            return
        account = account_for(data)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if account:
            os.chown(folder, account.uid, account.gid)
    except OSError as problem:
        raise SetupError(f"The folder {folder} for PostgreSQL's locks cannot be made: {problem.strerror}.") from None


def open_lock(data: Path, name: str) -> int:
    """Open one of the lock files, made if need be, and return its descriptor. It closes itself on exec."""
    path = folder_for(data) / name
    try:
        try:
            return os.open(path, FLAGS)
        except FileNotFoundError:
            return _make(path)
    except OSError as problem:
        raise SetupError(
            f"PostgreSQL's lock {path} cannot be opened: {problem.strerror}. A database is used by the user who began "
            "it, and by root."
        ) from None


def _make(path: Path) -> int:
    lock = os.open(path, FLAGS | os.O_CREAT, 0o600)
    if os.geteuid() == 0:
        _give(lock, path.parent.stat().st_uid, path.parent.stat().st_gid)
    return lock


def hand_over(data: Path, account: Account) -> None:
    """As root: let the server's user have the folder and the files in it, whoever made them."""
    folder = folder_for(data)
    os.chown(folder, account.uid, account.gid)
    for name in (USERS, KEEPER, SERVER):
        lock = open_lock(data, name)
        _give(lock, account.uid, account.gid)
        os.close(lock)


def _give(lock: int, uid: int, gid: int) -> None:
    """Change a lock file's owner, unless it is no file of its own: it might be a second name of somebody's file."""
    status = os.fstat(lock)
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
        os.fchown(lock, uid, gid)


def take(lock: int, *, exclusive: bool, patience: float = 0) -> bool:
    """Lock an open file; False if others still prevent it after so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        except OSError as problem:
            raise SetupError(f"The file system of the data folder cannot lock files: {problem.strerror}.") from None
        else:
            return True


def can_take(data: Path, name: str, *, exclusive: bool) -> bool:
    """Whether a lock could be had this moment. It is let go at once: one that asks must not be in anyone's way."""
    lock = open_lock(data, name)
    try:
        return take(lock, exclusive=exclusive)
    finally:
        os.close(lock)


def is_current(data: Path, name: str, lock: int) -> bool:
    """Whether an open lock is still the file of that name; not so when the folder was deleted and made again."""
    try:
        return os.path.samestat(os.fstat(lock), (folder_for(data) / name).stat())
    except OSError:
        return False
