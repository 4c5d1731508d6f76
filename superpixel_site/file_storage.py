"""Files on disk that are there whole or not at all, and that other users of the machine cannot read."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from superpixel_site import private_files

# How a file is called until it is complete. What a killed process leaves of one is known by this.
PARTIAL_SUFFIX = ".part"


class Complete:
    """A file that is to be moved to its place: what Django's storage asks of one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def temporary_file_path(self) -> str:
        return str(self.path)


class AtomicFileSystemStorage(FileSystemStorage):
    """Writes a file under another name in the same folder and moves it once the disk has it.

    A full disk or a killed process therefore leaves no file that looks complete and is not.

    Attributes
    ----------
    syncs : bool
        Whether the disk is waited for, so that a file outlives a power cut as its row does.
    """

    syncs = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        modes = {"file_permissions_mode": private_files.FILE, "directory_permissions_mode": private_files.FOLDER}
        super().__init__(*args, **(modes | kwargs))

    def _save(self, name: str, content: File[bytes]) -> str:
        folder = Path(self.path(name)).parent
        private_files.make_folder(folder, Path(self.location))
        partial = folder / f".{uuid.uuid4().hex}{PARTIAL_SUFFIX}"
        try:
            _write(partial, content, syncs=self.syncs)
            saved: str = super()._save(name, Complete(partial))  # type: ignore[misc]
        finally:
            partial.unlink(missing_ok=True)
        if self.syncs:
            _sync_folder(folder)
        return saved


def _write(path: Path, content: File[bytes], *, syncs: bool) -> None:
    with open(path, "xb", opener=private_files.opener) as file:
        for chunk in content.chunks():
            file.write(chunk)
        if syncs:
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Let the disk have the file's new name, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
