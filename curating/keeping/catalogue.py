"""Names of files compared with each other, on disk: of a million images there are three million."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import IO, NamedTuple, Self

from curating.keeping.places import Entry

TABLES = """
CREATE TABLE wanted (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE there (name TEXT PRIMARY KEY, n_bytes INTEGER, stamp TEXT) WITHOUT ROWID;
CREATE TABLE pool (sha256 TEXT PRIMARY KEY, n_bytes INTEGER) WITHOUT ROWID;
CREATE TABLE known (name TEXT PRIMARY KEY, n_bytes INTEGER, stamp TEXT, sha256 TEXT, is_new INTEGER) WITHOUT ROWID;
CREATE TABLE taken (name TEXT PRIMARY KEY, n_bytes INTEGER, stamp TEXT, sha256 TEXT) WITHOUT ROWID;
"""


class Copied(NamedTuple):
    """A file of the site as a backup has it; `stamp` as its storage gave it."""

    name: str
    n_bytes: int
    stamp: str
    sha256: str


class Catalogue:
    """What rows name, what the storage has, and what a place has of it, in a database that goes with this object.

    Sets: `wanted` is named by rows, `there` is in the storage, `pool` is in the place by hash, `known` was copied some
    time, `taken` belongs to the backup that is being made.
    """

    def __init__(self) -> None:
        # An empty name is a file that SQLite deletes.
        self._db = sqlite3.connect("")
        self._db.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def want(self, names: Iterable[str]) -> None:
        """Begin anew with these names."""
        self._db.execute("DELETE FROM wanted")
        self._db.execute("DELETE FROM taken")
        self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((name,) for name in names))

    def look(self, entries: Iterable[Entry]) -> None:
        """Note what the storage has now."""
        self._db.execute("DELETE FROM there")
        self._db.executemany("INSERT OR REPLACE INTO there VALUES (?, ?, ?)", entries)

    def note_pool(self, entries: Iterable[tuple[str, int]]) -> None:
        """Note what the place has, by SHA-256."""
        self._db.executemany("INSERT OR REPLACE INTO pool VALUES (?, ?)", entries)

    def note_known(self, files: Iterable[Copied], *, is_new: bool = False) -> None:
        """Note what was copied; `is_new`: just now."""
        rows = ((*file, int(is_new)) for file in files)
        self._db.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?)", rows)

    def take(self, files: Iterable[Copied]) -> None:
        """Note what belongs to the backup."""
        self._db.executemany("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?)", files)

    def take_unchanged(self) -> None:
        """Take what is the same in the storage as when it was copied, and is in the place still."""
        self._db.execute(
            "INSERT OR REPLACE INTO taken SELECT name, known.n_bytes, known.stamp, sha256 FROM wanted"
            " JOIN there USING (name) JOIN known USING (name) JOIN pool USING (sha256)"
            " WHERE known.n_bytes = there.n_bytes AND known.stamp = there.stamp AND pool.n_bytes = known.n_bytes"
        )

    def take_gone(self, name: str) -> bool:
        """Take a file that was copied by this very process, and is no longer in the storage; False if there is none."""
        found = self._db.execute(
            "INSERT OR REPLACE INTO taken SELECT name, n_bytes, stamp, sha256 FROM known WHERE name = ? AND is_new",
            [name],
        )
        return found.rowcount > 0

    def lacking(self) -> list[str]:
        """What is wanted and not taken, in order."""
        return self._names("SELECT name FROM wanted WHERE name NOT IN (SELECT name FROM taken) ORDER BY name")

    def not_wanted(self) -> list[str]:
        """What the storage has and nobody wants."""
        return self._names("SELECT name FROM there WHERE name NOT IN (SELECT name FROM wanted) ORDER BY name")

    def not_needed(self) -> list[str]:
        """The hashes in the place that no file in `known` has."""
        return self._names("SELECT sha256 FROM pool WHERE sha256 NOT IN (SELECT sha256 FROM known)")

    def _names(self, query: str) -> list[str]:
        return [name for (name,) in self._db.execute(query)]

    def entry(self, name: str) -> Entry | None:
        """A file of the storage, as it was looked at."""
        row = self._db.execute("SELECT * FROM there WHERE name = ?", [name]).fetchone()
        return Entry(*row) if row else None

    def taken(self) -> Iterator[Copied]:
        """The files of the backup, in order."""
        with closing(self._db.execute("SELECT * FROM taken ORDER BY name")) as rows:
            yield from map(Copied._make, rows)

    def sums(self) -> tuple[int, int]:
        """How many files are taken, and their bytes."""
        n, n_bytes = self._db.execute("SELECT count(*), coalesce(sum(n_bytes), 0) FROM taken").fetchone()
        return n, n_bytes


def write_lines(files: Iterable[Copied], out: IO[bytes]) -> None:
    """Files as JSON lines, compressed; the same files give the same bytes."""
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed:
        for file in files:
            packed.write(json.dumps(file._asdict(), ensure_ascii=False).encode() + b"\n")


def read_lines(file: IO[bytes]) -> Iterator[Copied]:
    """What `write_lines` has written."""
    with gzip.open(file) as lines:
        for line in lines:
            yield Copied(**json.loads(line))


def in_pieces(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """So many names at a time."""
    left = iter(names)
    while piece := list(islice(left, size)):
        yield piece
