"""Where copies are kept: a folder, or the objects of a bucket under a prefix. The site's own storage is one as well."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from django.core.files.storage import FileSystemStorage, default_storage

from superpixel_site import private_files
from superpixel_site.file_storage import PARTIAL_SUFFIX

PIECE = 2**20
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9._-]{1,62})(?:/(.*))?", re.DOTALL)


class CannotKeep(Exception):
    """A backup cannot be made, read or restored, or a collection be moved; its text is one sentence that says why."""


class Entry(NamedTuple):
    """A file: its name with slashes, its size, and a text that is another one when the file is."""

    name: str
    n_bytes: int
    stamp: str


class Place(Protocol):
    """Files by their names, with slashes. Each is there whole or not at all."""

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All files whose names begin with a folder, or all."""

    def entry(self, name: str) -> Entry | None:
        """One file; None if it is not there."""

    def open(self, name: str) -> IO[bytes]:
        """A file to be read from beginning to end; `FileNotFoundError` if it is not there."""

    def write(self, name: str, content: Any) -> None:
        """Store a file, in place of one that is there. The content has `read`, as an open file has."""

    def delete(self, name: str) -> None:
        """Delete a file if it is there."""

    def settle(self) -> None:
        """Wait until the disk has what was written."""


class Hashed:
    """Passes on what is read of a file, and knows its length and SHA-256 at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256, self.n_bytes = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sha256.update(data)
        self.n_bytes += len(data)
        return data

    def read_all(self) -> str:
        """Read to the end, and give the SHA-256."""
        while self.read(PIECE):
            pass
        return self.sha256

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._sha256.hexdigest()


class FolderPlace:
    """A folder. What is written there is closed to other users of the machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        yield from self._in(str(self.folder / prefix), prefix and f"{prefix.rstrip('/')}/")

    def _in(self, folder: str, prefix: str) -> Iterator[Entry]:
        with suppress(FileNotFoundError), os.scandir(folder) as found:
            for item in sorted(found, key=lambda item: item.name):
                if item.is_dir(follow_symlinks=False):
                    yield from self._in(item.path, f"{prefix}{item.name}/")
                elif not (item.name.startswith(".") and item.name.endswith(PARTIAL_SUFFIX)):
                    with suppress(FileNotFoundError):
                        yield _entry(prefix + item.name, item.stat())

    def entry(self, name: str) -> Entry | None:
        try:
            return _entry(name, (self.folder / name).stat())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")

    def write(self, name: str, content: Any) -> None:
        path = self.folder / name
        private_files.make_folder(path.parent, self.folder)
        partial = path.with_name(f".{uuid.uuid4().hex}{PARTIAL_SUFFIX}")
        try:
            with open(partial, "xb", opener=private_files.opener) as file:
                shutil.copyfileobj(content, file, PIECE)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        # Until a folder holds something else.
        with suppress(OSError):
            for folder in path.parents:
                if folder == self.folder:
                    break
                folder.rmdir()

    def delete_partial(self) -> None:
        """Delete what a killed process has left half written."""
        for file in self.folder.rglob(f".*{PARTIAL_SUFFIX}"):
            file.unlink(missing_ok=True)

    def settle(self) -> None:
        # All at once: to wait for each of a million files would take longer than copying them.
        os.sync()


def _entry(name: str, status: os.stat_result) -> Entry:
    return Entry(name, status.st_size, str(status.st_mtime_ns))


class BucketPlace:
    """The objects of a bucket under a prefix."""

    def __init__(self, bucket: Any, prefix: str = "") -> None:
        self.bucket, self.prefix = bucket, prefix and f"{prefix.strip('/')}/"

    def __str__(self) -> str:
        return f"s3://{self.bucket.name}/{self.prefix}"

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        start = self.prefix + (prefix and f"{prefix.rstrip('/')}/")
        for item in self.bucket.objects.filter(Prefix=start):
            yield Entry(item.key.removeprefix(self.prefix), item.size, item.e_tag)

    def entry(self, name: str) -> Entry | None:
        from botocore.exceptions import ClientError

        found = self.bucket.Object(self.prefix + name)
        try:
            return Entry(name, found.content_length, found.e_tag)
        except ClientError as problem:
            if problem.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                return None
            raise

    def open(self, name: str) -> IO[bytes]:
        try:
            body: IO[bytes] = self.bucket.Object(self.prefix + name).get()["Body"]
        except self.bucket.meta.client.exceptions.NoSuchKey:
            raise FileNotFoundError(name) from None
        return body

    def write(self, name: str, content: Any) -> None:
        self.bucket.upload_fileobj(content, self.prefix + name)

    def delete(self, name: str) -> None:
        self.bucket.Object(self.prefix + name).delete()

    def settle(self) -> None:
        """A bucket has what it has answered for."""


def place_of(address: str) -> FolderPlace | BucketPlace:
    """The folder or bucket of an address as it is given to a command.

    Raises
    ------
    CannotKeep
        If it is none.
    """
    if not address.startswith("s3://"):
        return FolderPlace(Path(address).absolute())
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise CannotKeep(f"{address} is no address of a bucket: write it as s3://bucket/folder.")
    try:
        import boto3
    except ImportError:
        raise CannotKeep("Buckets need boto3: install the requirements with the extra “s3”.") from None
    return BucketPlace(boto3.resource("s3").Bucket(found[1]), found[2] or "")


def storage_place() -> FolderPlace | BucketPlace:
    """Where the site's own files are."""
    if isinstance(default_storage, FileSystemStorage):
        return FolderPlace(Path(default_storage.path("")))
    return BucketPlace(default_storage.bucket)  # type: ignore[attr-defined]  # of django-storages


def refuse_own(place: Place) -> None:
    """Raise `CannotKeep` for a place within the site's own storage: there all that no row names is deleted."""
    own = storage_place()
    if isinstance(place, FolderPlace) and isinstance(own, FolderPlace):
        is_own = place.folder.resolve().is_relative_to(own.folder.resolve())
    else:
        is_own = isinstance(place, BucketPlace) and isinstance(own, BucketPlace) and place.bucket == own.bucket
    if is_own:
        raise CannotKeep(f"{place} is where the site keeps its own files: name another one.")


@contextmanager
def as_file(place: Place, name: str) -> Iterator[Path]:
    """A file on the local disk, for programs that read it more than once."""
    if isinstance(place, FolderPlace):
        yield place.folder / name
        return
    with tempfile.NamedTemporaryFile() as file, place.open(name) as content:
        shutil.copyfileobj(content, file, PIECE)
        file.flush()
        yield Path(file.name)


@contextmanager
def told() -> Iterator[None]:
    """Turn what buckets and disks raise into a sentence."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError

        of_buckets: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
    except ImportError:
        of_buckets = ()
    try:
        yield
    except of_buckets as problem:
        raise CannotKeep(f"The bucket says: {problem}.") from problem
    except OSError as problem:
        raise CannotKeep(f"{problem.strerror or problem}: {problem.filename or 'the storage'}.") from problem
