"""Making a backup while the site runs.

Most files are copied first, before the database is read: then its snapshot is not kept open for hours, and what the
site deletes meanwhile has been copied already. `pg_dump` and the list of files read the same snapshot. Should a file
of it have been deleted before it could be copied, the database is read once more.
"""

from __future__ import annotations

import datetime
import io
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from psycopg import sql

from curating.keeping import catalogue, layout, programs
from curating.keeping.catalogue import Catalogue, Copied
from curating.keeping.layout import Backup, Manifest, pool_name
from curating.keeping.places import PIECE, CannotKeep, Hashed, Place, storage_place

# What is being done, how much of it, and of how much.
Tell = Callable[[str, int, int], object]
ROUNDS = 3
FILES_AT_ONCE = 200
THREADS = 8
SPOOLED = 32 * 2**20
LOCK = 0x6B656570


@dataclass
class _Read:
    """What one look at the database gave."""

    made: datetime.datetime
    postgresql: str
    pgvector: str
    migrations: dict[str, list[str]]
    tables: dict[str, int]
    dump: dict[str, Any]


def back_up(
    place: Place, *, keep: int = 0, with_secret_key: bool = False, tell: Tell = lambda what, done, total: None
) -> Backup:
    """Make a backup in a place; what is there of earlier ones is not copied again.

    Parameters
    ----------
    place : Place
        Empty, or with backups of this site. What a killed process has copied for one is used.
    keep : int, optional
        How many backups to keep there, this one included; 0 keeps all.
    with_secret_key : bool, optional
        Whether the key is part of it.
    tell : callable, optional
        Called as it goes on.

    Raises
    ------
    CannotKeep
        With the sentence that says why; earlier backups are as they were.
    """
    with _alone(), Catalogue() as names:
        layout.claim(place)
        _learn(place, names)
        name = _free_name(place)
        saving = _Saving(place, name, names, tell)
        backup = saving.make(with_secret_key=with_secret_key)
        _forget(place, saving.journal)
        if keep:
            rotate(place, keep)
        return backup


@contextmanager
def _alone() -> Iterator[None]:
    """Let no other backup of this site be made meanwhile: each deletes what the other has not finished."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise CannotKeep("Another backup is being made.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _learn(place: Place, names: Catalogue) -> None:
    """Note what the place has of earlier backups, and delete what was never finished but for its copies."""
    names.note_pool((entry.name.rpartition("/")[2], entry.n_bytes) for entry in place.entries(layout.POOL))
    complete, unfinished = layout.names_of_backups(place)
    if complete:
        names.note_known(layout.read_backup(place, complete[-1]).files())
    for entry in place.entries(layout.JOURNAL):
        with place.open(entry.name) as file:
            names.note_known(catalogue.read_lines(file))
    for name in unfinished:
        for entry in list(place.entries(f"{layout.BACKUPS}/{name}")):
            place.delete(entry.name)


def _free_name(place: Place) -> str:
    """A name by the time; another one where a backup of the same second has it."""
    taken = set(layout.names_of_backups(place)[0])
    moment = datetime.datetime.now(datetime.UTC)
    while (name := moment.strftime("%Y-%m-%dT%H-%M-%SZ")) in taken:
        moment += datetime.timedelta(seconds=1)
    return name


def _forget(place: Place, entries: Iterable[str]) -> None:
    for name in [*entries, *(entry.name for entry in list(place.entries(layout.JOURNAL)))]:
        place.delete(name)


class _Saving:
    """One backup that is being made."""

    def __init__(self, place: Place, name: str, names: Catalogue, tell: Tell) -> None:
        self.place, self.name, self.names, self.tell = place, name, names, tell
        self.media = storage_place()
        self.journal: list[str] = []

    def make(self, *, with_secret_key: bool) -> Backup:
        with connection.cursor() as cursor:
            self.copy(_named_files(cursor))
        for _ in range(ROUNDS):
            with _snapshot() as (cursor, snapshot):
                read = self.read(cursor, snapshot)
                named = [*_named_files(cursor)]
            missing = self.copy(named)
            if not any(map(_is_not_named, missing)):
                break
        else:
            raise CannotKeep("Files are being deleted faster than they are copied: make the backup at another time.")
        parts = {layout.DUMP: read.dump, layout.FILES: self.write_list()}
        if with_secret_key:
            parts[layout.KEY] = self.write(layout.KEY, io.BytesIO(settings.SECRET_KEY.encode()))
        return self.finish(read, parts, missing)

    def read(self, cursor: Any, snapshot: str) -> _Read:
        """Dump the database of a snapshot, and count its rows."""
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        pgvector = (cursor.fetchone() or ("",))[0]
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        migrations: dict[str, list[str]] = {}
        for app, name in cursor.fetchall():
            migrations.setdefault(app, []).append(name)
        made = datetime.datetime.now(datetime.UTC)
        tables = row_counts(cursor)
        cursor.execute("SHOW server_version")
        return _Read(made, cursor.fetchone()[0], pgvector, migrations, tables, self.dump(snapshot))

    def dump(self, snapshot: str) -> dict[str, Any]:
        self.tell("database", 0, 0)
        target, environment = programs.database()
        command: list[Any] = [programs.folder_of_programs() / "pg_dump", "--format=custom", "--schema=public"]
        command += [f"--snapshot={snapshot}", "--no-password", "--dbname", target]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said) as process,
        ):
            part = self.write(layout.DUMP, process.stdout)
            if process.wait():
                said.seek(0)
                words = said.read().decode(errors="replace").strip().splitlines() or ["it says nothing"]
                raise CannotKeep(f"pg_dump could not save the database: {words[0]}.")
        return part

    def write(self, part: str, content: Any) -> dict[str, Any]:
        """Store a file of the backup, and give what the manifest says of it."""
        hashed = Hashed(content)
        self.place.write(f"{layout.BACKUPS}/{self.name}/{part}", hashed)
        return {"n_bytes": hashed.n_bytes, "sha256": hashed.sha256}

    def write_list(self) -> dict[str, Any]:
        with tempfile.TemporaryFile() as file:
            catalogue.write_lines(self.names.taken(), file)
            file.seek(0)
            return self.write(layout.FILES, file)

    def copy(self, named: Iterable[str]) -> list[str]:
        """Copy those files that the place does not have; returns those that are not there."""
        self.names.want(named)
        self.names.look(self.media.entries())
        self.names.take_unchanged()
        names, missing = self.names.lacking(), []
        self.tell("files", 0, len(names))
        with ThreadPoolExecutor(THREADS) as threads:
            for i, piece in enumerate(catalogue.in_pieces(names, FILES_AT_ONCE)):
                found = list(threads.map(self.copy_one, piece, [self.names.entry(name) for name in piece]))
                copied = [file for file in found if file]
                self.note(copied)
                gone = [name for name, file in zip(piece, found, strict=True) if not file]
                missing += [name for name in gone if not self.names.take_gone(name)]
                self.tell("files", i * FILES_AT_ONCE + len(piece), len(names))
        return missing

    def copy_one(self, name: str, entry: Any) -> Copied | None:
        """Bring a file of the site to the place, unless its content is there."""
        entry = entry or self.media.entry(name)
        try:
            source = self.media.open(name)
        except FileNotFoundError:
            return None
        with source, tempfile.SpooledTemporaryFile(SPOOLED) as file:
            hashed = Hashed(source)
            while data := hashed.read(PIECE):
                file.write(data)
            there = self.place.entry(pool_name(hashed.sha256))
            if there is None or there.n_bytes != hashed.n_bytes:
                file.seek(0)
                self.place.write(pool_name(hashed.sha256), file)
        return Copied(name, hashed.n_bytes, entry.stamp if entry else "", hashed.sha256)

    def note(self, copied: list[Copied]) -> None:
        """Note what was copied, also for the process that goes on when this one is killed."""
        self.names.note_pool((file.sha256, file.n_bytes) for file in copied)
        self.names.note_known(copied, is_new=True)
        self.names.take(copied)
        if copied:
            with io.BytesIO() as lines:
                catalogue.write_lines(copied, lines)
                self.journal.append(f"{layout.JOURNAL}/{self.name}-{len(self.journal):06d}.jsonl.gz")
                self.place.write(self.journal[-1], io.BytesIO(lines.getvalue()))

    def finish(self, read: _Read, parts: dict[str, dict[str, Any]], missing: list[str]) -> Backup:
        n_files, file_bytes = self.names.sums()
        manifest = Manifest(
            made=read.made.isoformat(timespec="seconds"),
            software=_software(),
            postgresql=read.postgresql,
            pgvector=read.pgvector,
            migrations=read.migrations,
            tables=read.tables,
            parts=parts,
            n_files=n_files,
            file_bytes=file_bytes,
            missing=missing,
        )
        # Before what says that it is complete.
        self.place.settle()
        self.write(layout.MANIFEST, io.BytesIO(manifest.as_json()))
        self.place.settle()
        return Backup(self.place, self.name, manifest)


@contextmanager
def _snapshot() -> Iterator[tuple[Any, str]]:
    """A look at the database as it is at one moment, and the name by which other connections share it."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            yield cursor, cursor.fetchone()[0]
    finally:
        own.close()


def file_columns() -> Iterator[tuple[type[models.Model], models.FileField]]:
    """The columns, of all models, that name files of the storage."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                yield model, field


def _named_files(cursor: Any) -> Iterator[str]:
    for model, field in file_columns():
        query = sql.SQL("SELECT {0} FROM {1} WHERE {0} <> ''")
        cursor.execute(query.format(sql.Identifier(str(field.column)), sql.Identifier(model._meta.db_table)))
        while rows := cursor.fetchmany(10_000):
            yield from (name for (name,) in rows)


def _is_not_named(name: str) -> bool:
    """Whether no row names a file now."""
    return not any(model._default_manager.filter(**{field.name: name}).exists() for model, field in file_columns())


def row_counts(cursor: Any) -> dict[str, int]:
    """How many rows each table has."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    tables = [name for (name,) in cursor.fetchall()]
    count = partial(sql.SQL("SELECT count(*) FROM {}").format)
    counts = {}
    for table in tables:
        cursor.execute(count(sql.Identifier("public", table)))
        counts[table] = cursor.fetchone()[0]
    return counts


def _software() -> str:
    try:
        return version("superpixel-site")
    except PackageNotFoundError:
        return "from a checkout"


def rotate(place: Place, keep: int) -> list[str]:
    """Delete all backups but the latest ones, and the contents that only those had; returns their names."""
    complete, _ = layout.names_of_backups(place)
    old, kept = complete[:-keep], complete[-keep:]
    for name in old:
        # First what says that it is complete.
        place.delete(f"{layout.BACKUPS}/{name}/{layout.MANIFEST}")
        for entry in list(place.entries(f"{layout.BACKUPS}/{name}")):
            place.delete(entry.name)
    with Catalogue() as names:
        names.note_pool((entry.name.rpartition("/")[2], entry.n_bytes) for entry in place.entries(layout.POOL))
        for name in kept:
            names.note_known(Copied(file.sha256, *file[1:]) for file in layout.read_backup(place, name).files())
        for sha256 in names.not_needed():
            place.delete(pool_name(sha256))
    return old
