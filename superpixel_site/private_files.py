"""Files and folders that only the site's own system user may read, whatever its umask."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
# In the data folder. The folder itself stays as it is: the embedded PostgreSQL may have to pass as another user, and
# a web server may read what is in `static`.
KEPT_PRIVATE = ("metrics", "numba")


def make_folder(folder: Path, top: Path) -> None:
    """Make a folder, and those above it that are missing: closed to others from `top` downwards."""
    top.parent.mkdir(parents=True, exist_ok=True)
    for path in reversed([folder, *folder.parents]):
        if path.is_relative_to(top):
            path.mkdir(mode=FOLDER, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """Open a file as `open` does; one that is made so is closed to others from its first moment."""
    return os.open(path, flags, FILE)


def open_to_others(top: Path) -> Iterator[Path]:
    """What others may read or enter of a folder: the folder itself comes last, links are left alone."""
    yield from map(Path, _open_in(str(top)))
    if _is_open(top):
        yield top


def _open_in(folder: str) -> Iterator[str]:
    """By names and not by `Path`: of a hundred thousand files that is what takes the time."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _open_in(entry.path)
            if not entry.is_symlink() and entry.stat(follow_symlinks=False).st_mode & OTHERS:
                yield entry.path


def close(top: Path) -> int:
    """Close a folder and all that is in it to others; returns how many were open.

    As the folder itself is closed last, one that is closed tells that all in it is.

    Raises
    ------
    ValueError
        If the site's own code is in the folder: nobody means that.
    """
    if settings.BASE_DIR.is_relative_to(top.resolve()):
        raise ValueError(f"{top} holds the site itself, and is not closed to others.")
    closed = 0
    for path in open_to_others(top):
        path.chmod(FOLDER if path.is_dir() else FILE)
        closed += 1
    return closed


def close_data() -> None:
    """Close what an earlier version, or a copy, has left open in the data folder. It does little if all is well."""
    media = [] if settings.MEDIA_BUCKET else [settings.DATA_DIR / "media"]
    try:
        for folder in filter(_is_open, media):
            logger.warning("%s files and folders in %s are no longer open to others.", close(folder), folder)
        for folder in filter(_is_open, (settings.DATA_DIR / name for name in KEPT_PRIVATE)):
            # Nobody gets past it.
            folder.chmod(FOLDER)
    except OSError as problem:
        logger.error("Other users of this machine may read what is private here: %s", problem)


def _is_open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISLNK(mode) and bool(mode & OTHERS)
