"""PostgreSQL's programs where its user reaches them.

A checkout in root's home is closed to the system user that the server runs as, and its folders are not opened for it:
that user gets a copy of the programs instead, beside the data.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from superpixel_site.embedded_postgres import accounts, binaries
from superpixel_site.embedded_postgres.accounts import Account
from superpixel_site.embedded_postgres.errors import SetupError

COPIES = "postgres.programs"


def programs_for(account: Account, programs: Path, data: Path) -> Path:
    """The folder of the programs, or of a copy in a folder beside `data` if the account does not reach them.

    The caller holds the keeper's lock: no other process makes the copy at the same time.
    """
    try:
        accounts.refuse_closed_folders(account, [programs, *programs.parent.iterdir()])
    except SetupError:
        return _copy_of(programs, data)
    return programs


def _copy_of(programs: Path, data: Path) -> Path:
    packages = Path(str(programs).removesuffix(binaries.PROGRAMS))
    copies = data.with_name(COPIES)
    # Named after the moment of the installation, so that another version gets a copy of its own.
    copy = copies / str(programs.stat().st_mtime_ns)
    if not copy.exists():
        shutil.rmtree(copies, ignore_errors=True)
        draft = copies / "new"
        for needed in (programs.parent, *packages.glob(f"{binaries.PROGRAMS.partition('/')[0]}*.libs")):
            shutil.copytree(needed, draft / needed.relative_to(packages), symlinks=True)
        _open(copies)
        # Whole or not at all: a copy that was interrupted keeps the name of a draft.
        draft.rename(copy)
    return copy / binaries.PROGRAMS


def _open(folder: Path) -> None:
    """Let everybody read the copy, whatever root's umask is; it holds no secrets."""
    for place, _, files in os.walk(folder):
        Path(place).chmod(0o755)
        for name in files:
            file = Path(place, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
