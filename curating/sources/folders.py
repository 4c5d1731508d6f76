"""Folders of a file system."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from curating import manifests
from curating.sources.common import (
    CannotOpen,
    CannotRead,
    Check,
    Found,
    LeftOut,
    is_manifest_at_top,
    why_left_out,
    why_unsafe,
)

# A byte of a name that is no UTF-8, as Python keeps it.
_RAW_BYTE = re.compile("[\udc80-\udcff]")
_WRITTEN_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


class Folder:
    """A folder, with those in it where asked for.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether the folders in it belong to it as well. Links to folders are not followed: they may lead in circles.
    only : str
        The name of a manifest in it: then the files that it names are all there is.
    """

    def __init__(self, folder: Path, *, recursive: bool = False, only: str = "") -> None:
        if not folder.is_dir():
            raise CannotOpen(f"{folder} is not a folder.")
        self.folder, self.recursive, self.only = folder, recursive, only

    def listed(self) -> Iterator[Found | LeftOut]:
        if not self.only:
            yield from self._in(self.folder)

    def _in(self, folder: Path) -> Iterator[Found | LeftOut]:
        try:
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as problem:
            yield LeftOut(self._path(folder), unreadable(problem))
            return
        inner = []
        for entry in entries:
            path = self._path(Path(entry.path))
            if entry.is_dir(follow_symlinks=False):
                inner.append((path, entry))
            elif not is_manifest_at_top(path):
                reason = why_unsafe(path) or _why_no_file(entry) or why_left_out(entry.name, is_folder=False)
                yield LeftOut(path, reason) if reason else Found(path)
        for path, entry in inner:
            if reason := why_unsafe(path) or why_left_out(entry.name, is_folder=True):
                yield LeftOut(path, reason)
            elif self.recursive:
                yield from self._in(Path(entry.path))
            else:
                yield LeftOut(path, "It is a folder in the folder: --recursive takes those, too.")

    def read(self, path: str, check: Check) -> bytes:
        try:
            with self._real(path).open("rb") as file:
                n_bytes = os.fstat(file.fileno()).st_size
                check(n_bytes)
                return file.read(n_bytes)
        except FileNotFoundError:
            raise CannotRead("There is no such file.") from None
        except OSError as problem:
            raise CannotRead(unreadable(problem)) from problem

    def located(self, path: str) -> str:
        forms = (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path))
        return next((form for form in forms if self._real(form).is_file()), path)

    def manifest(self) -> str:
        if self.only:
            return self.only
        return next((name for name in manifests.NAMES if (self.folder / name).is_file()), "")

    def close(self) -> None:
        """Nothing is open."""

    def _path(self, file: Path) -> str:
        """A path within the folder as text that a database takes: other bytes are written as `\\xff`."""
        path = file.relative_to(self.folder).as_posix()
        return _RAW_BYTE.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", path)

    def _real(self, path: str) -> Path:
        """The file of a path; where there is none by that name, one whose name has bytes that are no text."""
        file = self.folder / path
        if "\\x" in path and not file.exists():
            file = self.folder / _WRITTEN_BYTE.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), path)
        return file


def _why_no_file(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_file():
            return ""
        if not entry.is_symlink():
            return "It is neither a file nor a folder."
        return (
            "It is a link to a folder: those are not followed."
            if entry.is_dir()
            else "It is a link that leads nowhere."
        )
    except OSError as problem:
        return unreadable(problem)


def unreadable(problem: OSError) -> str:
    """The sentence about a file or folder that cannot be opened."""
    return f"It cannot be read: {problem.strerror or problem}."
