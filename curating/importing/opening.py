"""From what somebody has named to a source that can be listed and read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from curating import manifests
from curating.models import BulkTask
from curating.sources import Archive, Bucket, CannotOpen, Folder, Source
from curating.sources.archives import is_archive
from superpixel_site.stored_files import MissingFile, stream


@dataclass(frozen=True)
class Wanted:
    """What is to be imported, and what is said of all of it.

    Attributes
    ----------
    source : str
        A folder, a ZIP archive, a manifest, or s3://bucket/prefix; empty for an archive that was uploaded.
    recursive : bool
        Whether the folders in a folder are taken, too.
    tags : tuple of str
        For every image.
    licence : str
        For every image of which the manifest does not name one.
    """

    source: str = ""
    recursive: bool = False
    tags: tuple[str, ...] = ()
    licence: str = ""

    def as_options(self) -> dict[str, Any]:
        """As the row of a task keeps it."""
        return asdict(self) | {"tags": list(self.tags)}

    @classmethod
    def of(cls, task: BulkTask) -> Self:
        """What a task is to import."""
        known = {name: task.options[name] for name in ("source", "recursive", "licence") if name in task.options}
        return cls(tags=tuple(task.options.get("tags", ())), **known)


@contextmanager
def opened(wanted: Wanted, task: BulkTask | None = None) -> Iterator[Source]:
    """The source of an import, closed at the end.

    Raises
    ------
    CannotOpen
        With the sentence that says why.
    """
    file: IO[bytes] | None = None
    try:
        if task is not None and task.upload:
            file = _uploaded(task)
        elif not wanted.source.startswith("s3://") and is_archive(wanted.source):
            file = _local(wanted.source)
        source = Archive(file) if file is not None else _by_address(wanted)
        try:
            yield source
        finally:
            source.close()
    finally:
        if file is not None:
            file.close()


def _by_address(wanted: Wanted) -> Source:
    if not wanted.source:
        raise CannotOpen("These files come from a browser: choose them there again.")
    folder, _, name = wanted.source.rpartition("/")
    only = name if manifests.is_manifest(name) else ""
    if wanted.source.startswith("s3://"):
        return Bucket(folder if only else wanted.source, recursive=wanted.recursive, only=only)
    path = Path(wanted.source)
    if only and path.is_file():
        return Folder(path.parent, only=only)
    if not path.is_dir():
        raise CannotOpen(f"{path} is not a folder, a ZIP archive or a manifest (.csv or .jsonl) on this machine.")
    return Folder(path, recursive=wanted.recursive)


def _local(path: str) -> IO[bytes]:
    try:
        return Path(path).open("rb")
    except OSError as problem:
        raise CannotOpen(f"{path} cannot be read: {problem.strerror or problem}.") from problem


def _uploaded(task: BulkTask) -> IO[bytes]:
    """The archive on the local disk: what is read here and there cannot come from a bucket."""
    try:
        stored = stream(task.upload)
    except MissingFile:
        raise CannotOpen("The archive is missing from the storage: upload it again.") from None
    if stored.seekable():
        return stored
    with stored:
        file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        shutil.copyfileobj(stored, file)
    return file
