"""What a place with backups holds, and what a backup says of itself."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from curating.keeping.catalogue import Copied, read_lines
from curating.keeping.places import CannotKeep, FolderPlace, Place, refuse_own

FORMAT = 1
DUMP, FILES, KEY, MANIFEST = "database.dump", "files.jsonl.gz", "secret_key", "manifest.json"
BACKUPS, POOL, JOURNAL, README = "backups", "media", "journal", "README.txt"
TITLE = "Backups of a Superpixel Search"
EXPLANATION = f"""{TITLE}

backups/DATE/ is one backup, complete when its manifest.json is there:
  database.dump    the database, in pg_dump's custom format
  files.jsonl.gz   one line a file of the site: its name, size and SHA-256
  secret_key       only if asked for
media/ab/abcd...   the contents of those files, by SHA-256, shared by all backups
journal/           what was copied for a backup that is not complete

manage.py restore reads it; treat it like the site's own data, private photos included.
"""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes
    ----------
    made : str
        When its database was read, in ISO 8601.
    software, postgresql, pgvector : str
        Versions.
    migrations : dict of str to list of str
        Those that were applied, by app.
    tables : dict of str to int
        How many rows each table has.
    parts : dict of str to dict
        Size and SHA-256 of the other files of the backup.
    n_files, file_bytes : int
        Of the files that rows name.
    missing : list of str
        Files that rows name and the storage had lost before.
    """

    made: str
    software: str
    postgresql: str
    pgvector: str
    migrations: dict[str, list[str]]
    tables: dict[str, int]
    parts: dict[str, dict[str, Any]]
    n_files: int
    file_bytes: int
    missing: list[str]
    format: int = FORMAT

    def as_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True)
class Backup:
    """A complete backup in a place."""

    place: Place
    name: str
    manifest: Manifest

    def path(self, part: str) -> str:
        """The name of one of its own files in the place."""
        return f"{BACKUPS}/{self.name}/{part}"

    def files(self) -> Iterator[Copied]:
        """The files of the site in it."""
        with self.place.open(self.path(FILES)) as file:
            yield from read_lines(file)


def pool_name(sha256: str) -> str:
    """Where a place keeps a content."""
    return f"{POOL}/{sha256[:2]}/{sha256}"


def names_of_backups(place: Place) -> tuple[list[str], list[str]]:
    """The names of complete backups, and of those that were never finished; the oldest first."""
    found: dict[str, set[str]] = {}
    for entry in place.entries(BACKUPS):
        _, name, *part = entry.name.split("/")
        found.setdefault(name, set()).update(part)
    complete = sorted(name for name, parts in found.items() if MANIFEST in parts)
    return complete, sorted(found.keys() - set(complete))


def read_backup(place: Place, name: str) -> Backup:
    """A complete backup by its name."""
    try:
        with place.open(f"{BACKUPS}/{name}/{MANIFEST}") as file:
            stated = json.load(file)
    except FileNotFoundError:
        raise CannotKeep(f"There is no backup {name} in {place}.") from None
    except ValueError:
        raise CannotKeep(f"The manifest of the backup {name} is damaged.") from None
    if stated.get("format") != FORMAT:
        raise CannotKeep(f"The backup {name} was made by a newer version of the site: update first.")
    return Backup(place, name, Manifest(**stated))


def find_backup(place: Place, name: str = "") -> Backup:
    """A backup by its name, or the latest.

    Raises
    ------
    CannotKeep
        If there is none.
    """
    complete, unfinished = names_of_backups(place)
    if name:
        return read_backup(place, name)
    if not complete:
        more = f" ({len(unfinished)} was not finished)" if unfinished else ""
        raise CannotKeep(f"There is no backup in {place}{more}.")
    return read_backup(place, complete[-1])


def claim(place: Place) -> None:
    """Make a place one of backups; `CannotKeep` if it holds something else."""
    refuse_own(place)
    first = next(place.entries(), None)
    if place.entry(README) is None:
        if first is not None:
            raise CannotKeep(f"{place} holds other files: name an empty folder for backups.")
        place.write(README, io.BytesIO(EXPLANATION.encode()))
    if isinstance(place, FolderPlace):
        place.delete_partial()
