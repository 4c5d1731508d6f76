"""Started by root: PostgreSQL refuses to run as root, so it runs as another user of the system."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from superpixel_site.embedded_postgres.errors import SetupError

# The name that earlier versions gave it: where there is one already, it is taken.
SYSTEM_USER = "pgserver"


class Account(NamedTuple):
    """A user of the system with the groups that a process of theirs is in."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def account_for(data: Path) -> Account | None:
    """Who PostgreSQL is to run as over a data folder: its owner, or a system user of its own, who is made if need be.

    None unless root asks: then it runs as whoever starts it. `SetupError` if the folder is another user's.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise SetupError(f"The database {data} belongs to {_name(owner)}: run this as that user.")
        return None
    if owner:
        return _account(owner, data.stat().st_gid)
    user = _system_user()
    if owner == 0 and (data / "PG_VERSION").exists():
        raise SetupError(
            f"The database {data} belongs to root, as whom PostgreSQL refuses to run: "
            f"run `chown -R {SYSTEM_USER}: {data}`."
        )
    return _account(user.pw_uid, user.pw_gid)


def _account(uid: int, gid: int) -> Account:
    try:
        user = pwd.getpwuid(uid)
    except KeyError:  # A number without a name, as the owner of a volume may be.
        return Account(f"the user {uid}", uid, gid, (gid,))
    return Account(user.pw_name, uid, user.pw_gid, tuple(os.getgrouplist(user.pw_name, user.pw_gid)))


def _name(uid: int) -> str:
    return _account(uid, uid).name


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        said = _useradd()
    try:
        # Another process may have made it meanwhile, so that ours could not.
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise SetupError(
            f"PostgreSQL refuses to run as root, and a system user {SYSTEM_USER} for it cannot be made ({said}): "
            "make one, or run the site as an ordinary user."
        ) from None


def _useradd() -> str:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as problem:
        return f"useradd: {problem.strerror}"
    return done.stderr.strip()


@contextmanager
def acting_as(account: Account) -> Iterator[None]:
    """See the files as that user does, for a moment; root again afterwards."""
    groups = os.getgroups()
    os.setgroups(account.groups)
    os.setegid(account.gid)
    os.seteuid(account.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def become(account: Account | None) -> None:
    """Be that user from now on, for good. Nothing happens without an account, or a second time."""
    if account and os.geteuid() == 0:
        os.setgroups(account.groups)
        os.setgid(account.gid)
        os.setuid(account.uid)


def refuse_closed_folders(account: Account, folders: Iterable[Path]) -> None:
    """`SetupError`, with the command to run, if the user cannot pass through all folders on the way to these.

    They are never opened here: that is for their owner to decide.
    """
    ways = dict.fromkeys(way for folder in folders for way in reversed((folder, *folder.parents)))
    with acting_as(account):
        closed = [way for way in ways if _looks_closed(way, account) and not _lets_pass(way)]
    if closed:
        raise SetupError(
            f"PostgreSQL runs as {account.name}, who may not pass through {closed[0]}: "
            f"run `chmod o+x {' '.join(str(way) for way in closed)}`, or use folders elsewhere."
        )


def _looks_closed(way: Path, account: Account) -> bool:
    """What the mode says. It is not all there is, but of a folder behind a closed one nothing else can be known."""
    try:
        status = way.stat()
    except OSError:
        return False
    if status.st_uid == account.uid:
        return not status.st_mode & 0o100
    return not status.st_mode & (0o010 if status.st_gid in account.groups else 0o001)


def _lets_pass(way: Path) -> bool:
    """What the system says, access lists included."""
    return os.access(way, os.X_OK, effective_ids=True)
