"""The files that rows name: reading them, and taking them back when their rows are not kept."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.core.files.storage import FileSystemStorage, Storage
from django.db.models import Model
from django.db.models.fields.files import FieldFile


class MissingFile(FileNotFoundError):
    """The storage has lost a file that a row names."""


def read(file: FieldFile) -> bytes:
    """The bytes of a stored file.

    Raises
    ------
    MissingFile
        When the storage does not have it.
    """
    try:
        with file.open("rb") as opened:
            data: bytes = opened.read()
    except FileNotFoundError as error:
        raise MissingFile(f"{file.name} is missing from the storage.") from error
    return data


def stream(file: FieldFile) -> IO[bytes]:
    """A stored file of any size, to be read from beginning to end; the caller closes it.

    Raises
    ------
    MissingFile
        When the storage does not have it.
    """
    try:
        if (bucket := getattr(file.storage, "bucket", None)) is not None:
            # The storage's own way to open a file takes all of it into memory.
            require(file)
            body: IO[bytes] = bucket.Object(file.name).get()["Body"]
            return body
        opened: IO[bytes] = file.storage.open(str(file.name), "rb")
    except FileNotFoundError as error:
        raise MissingFile(f"{file.name} is missing from the storage.") from error
    return opened


def require(file: FieldFile) -> None:
    """Raise `MissingFile` when the storage does not have the file that a row names: before a page that shows it."""
    if not is_there(file):
        raise MissingFile(f"{file.name} is missing from the storage.")


def is_there(file: FieldFile) -> bool:
    """Whether the storage has the file that a row names."""
    return bool(file) and file.storage.exists(str(file.name))


def delete_with_folder(storage: Storage, name: str) -> None:
    """Delete a stored file, and its folder when that was its alone: the name of such a folder is a photo's key."""
    storage.delete(name)
    folder = name.rpartition("/")[0]
    if isinstance(storage, FileSystemStorage) and _is_of_one_photo(folder):
        # Not empty: the photo has other files.
        with suppress(OSError):
            Path(storage.path(folder)).rmdir()


def _is_of_one_photo(folder: str) -> bool:
    try:
        uuid.UUID(folder.rpartition("/")[2])
    except ValueError:
        return False
    return True


def delete_unless_kept(row: Model, *fields: str) -> None:
    """Delete those files of a row that the database does not know, when storing both together has failed.

    They are looked up, because a connection that breaks during a commit does not tell how that ended. Where they cannot
    be, they stay, and are cleared away later as files without rows.
    """
    kept = type(row)._default_manager.filter(pk=row.pk).values(*fields).first() or {}
    for field in fields:
        file = getattr(row, field)
        if file and kept.get(field) != file.name:
            file.storage.delete(str(file.name))
