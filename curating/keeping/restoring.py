"""Putting a backup in place of what there is.

Files come first and the database last, in one transaction: a restore that is stopped or fails leaves the database as
it was, and can be started again.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from curating.keeping import checking, layout, programs
from curating.keeping.catalogue import Catalogue, Copied
from curating.keeping.layout import Backup, pool_name
from curating.keeping.places import CannotKeep, Hashed, Place, as_file, storage_place
from curating.keeping.saving import row_counts
from gallery.index import hnsw
from superpixel_site.secret_key import replace_secret_key

Tell = Callable[[str, int, int], object]
THREADS = 8
# Kinds of entries of a dump that are made otherwise: an extension may belong to somebody else, who made it for the
# site; an index of vectors is built better afterwards, with more memory.
_NOT_RESTORED = re.compile(
    r"^\d+; \d+ \d+ "
    r"(EXTENSION|COMMENT - EXTENSION|SCHEMA|(INDEX public|COMMENT public INDEX) gallery_vectors_of_space_)"
)
# What belongs to an extension stays; a sequence that is part of a column goes with it.
EMPTY_SCHEMA = """
DO $$
DECLARE statements text[]; statement text;
BEGIN
  -- All are written down first: what a drop takes along has no name any more.
  statements := ARRAY(
    SELECT format('DROP %s IF EXISTS public.%I CASCADE',
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
        WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('e', 'i'))
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname)
    FROM pg_type WHERE typnamespace = 'public'::regnamespace
      AND (typtype IN ('e', 'd') OR EXISTS (SELECT FROM pg_class WHERE oid = typrelid AND relkind = 'c'))
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
  );
  FOREACH statement IN ARRAY statements LOOP EXECUTE statement; END LOOP;
END $$;
CREATE EXTENSION IF NOT EXISTS vector;
"""


@dataclass(frozen=True)
class Present:
    """What a restore would delete."""

    n_photos: int
    n_accounts: int
    n_tables: int
    n_files: int

    @property
    def is_something(self) -> bool:
        """Whether somebody would miss it."""
        return bool(self.n_photos or self.n_accounts or self.n_tables or self.n_files)


def what_is_there(backup: Backup) -> Present:
    """Photos and accounts, tables that are not the site's, and files of the storage that are not in the backup.

    Those that are may be what an earlier try has copied.
    """
    with connection.cursor() as cursor:
        tables = row_counts(cursor)
    with Catalogue() as names:
        _compare(backup, names)
        n_files = len(names.not_wanted())
    n_tables = len(tables.keys() - _tables_of_the_site())
    return Present(tables.get("selector_photo", 0), tables.get("auth_user", 0), n_tables, n_files)


def _tables_of_the_site() -> set[str]:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return tables | {"django_migrations", str(settings.CACHES["default"]["LOCATION"])}


def refuse_newer(backup: Backup) -> None:
    """Raise `CannotKeep` when the site that made the backup was newer than this one."""
    known = MigrationLoader(None).disk_migrations
    for app, names in backup.manifest.migrations.items():
        if new := next((name for name in names if (app, name) not in known), ""):
            raise CannotKeep(f"A newer version of the site made this backup (it has {app}.{new}): update first.")


def refuse_while_running() -> None:
    """Raise `CannotKeep` while others use the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        n = cursor.fetchone()[0]
    if n:
        raise CannotKeep(f"{n} connections use the database: stop the site and its workers first.")


def restore(backup: Backup, tell: Tell = lambda what, done, total: None) -> list[str]:
    """Replace the files and the database by those of a backup, and bring the database up to date.

    The caller has asked whoever would miss what is there.

    Returns
    -------
    list of str
        What is not as it should be, a sentence each.

    Raises
    ------
    CannotKeep
        With the sentence that says why; the database is as it was.
    """
    refuse_newer(backup)
    refuse_while_running()
    for sentence in checking.check_parts(backup):
        raise CannotKeep(sentence)
    media = storage_place()
    with Catalogue() as names:
        _compare(backup, names)
        wrong = _restore_files(backup, media, tell)
        tell("database", 0, 0)
        _restore_database(backup)
        for name in names.not_wanted():
            media.delete(name)
    wrong += _compare_rows(backup)
    call_command("migrate", verbosity=0)
    _build_indexes(tell)
    return wrong


def _compare(backup: Backup, names: Catalogue) -> None:
    names.want(file.name for file in backup.files())
    names.look(storage_place().entries())


def _restore_files(backup: Backup, media: Place, tell: Tell) -> list[str]:
    """Bring all files to the storage that it does not have; returns sentences about those that cannot be."""
    wrong: list[str] = []
    done = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for piece in checking.pieces(backup):
            wrong += filter(None, threads.map(lambda file: _restore_file(backup, media, file), piece))
            done += len(piece)
            tell("files", done, backup.manifest.n_files)
    media.settle()
    return wrong


def _restore_file(backup: Backup, media: Place, file: Copied) -> str:
    there = media.entry(file.name)
    if there and there.n_bytes == file.n_bytes and _has(media, file):
        return ""
    try:
        with backup.place.open(pool_name(file.sha256)) as content:
            hashed = Hashed(content)
            media.write(file.name, hashed)
    except FileNotFoundError:
        return f"{file.name} is missing from the backup."
    if hashed.sha256 != file.sha256:
        return f"{file.name} is damaged in the backup."
    return ""


def _has(media: Place, file: Copied) -> bool:
    with media.open(file.name) as content:
        return Hashed(content).read_all() == file.sha256


def _restore_database(backup: Backup) -> None:
    """Empty the database and fill it from the dump, in one transaction of psql."""
    folder = programs.folder_of_programs()
    version = programs.server_version()
    target, environment = programs.database()
    connection.close()
    with as_file(backup.place, backup.path(layout.DUMP)) as dump, tempfile.TemporaryDirectory() as scratch:
        wanted, prepare = Path(scratch, "list"), Path(scratch, "prepare.sql")
        wanted.write_text(_wanted_entries(folder, dump))
        prepare.write_text(EMPTY_SCHEMA)
        read: list[Any] = [folder / "pg_restore", "--no-owner", "--no-privileges", f"--use-list={wanted}"]
        write: list[Any] = [folder / "psql", "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "--single-transaction"]
        write += ["-d", target, "-o", "/dev/null", "-f", prepare, "-f", "-"]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen([*read, "--file=-", dump], stdout=subprocess.PIPE, stderr=said) as reader,
            subprocess.Popen(write, env=environment, stdin=subprocess.PIPE, stderr=said) as writer,
        ):
            _pass_on(reader, writer, version)
            if reader.returncode or writer.returncode:
                raise CannotKeep(f"The database could not be restored, and is as it was: {_first_error(said)}.")


def _wanted_entries(folder: Path, dump: Path) -> str:
    listed = subprocess.run([folder / "pg_restore", "--list", dump], capture_output=True, text=True, check=False)
    if listed.returncode:
        raise CannotKeep("pg_restore cannot read the dump: install the client programs of the PostgreSQL that made it.")
    return "".join(line for line in listed.stdout.splitlines(keepends=True) if not _NOT_RESTORED.match(line))


def _pass_on(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes], version: int) -> None:
    """Give one program's SQL to the other; ends it before its commit when it was not all."""
    assert reader.stdout is not None and writer.stdin is not None  # nosec B101 # they are pipes
    try:
        head = reader.stdout.read(64 * 1024)
        if version < 17:
            # A setting that older servers do not know.
            head = head.replace(b"SET transaction_timeout = 0;\n", b"", 1)
        writer.stdin.write(head)
        shutil.copyfileobj(reader.stdout, writer.stdin, 2**20)
        if reader.wait():
            writer.kill()
        writer.stdin.close()
    except BrokenPipeError:
        # It has said why.
        reader.kill()
    reader.wait()
    writer.wait()


def _first_error(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").splitlines()
    return next(
        (line for line in lines if "ERROR" in line or "error" in line), lines[0] if lines else "nothing was said"
    )


def _compare_rows(backup: Backup) -> list[str]:
    with connection.cursor() as cursor:
        counts = row_counts(cursor)
        cursor.execute("ANALYZE")
    return [
        f"The table {table} has {counts.get(table, 0)} rows instead of {n}."
        for table, n in backup.manifest.tables.items()
        if counts.get(table, 0) != n
    ]


def _build_indexes(tell: Tell) -> None:
    for space in hnsw.due():
        hnsw.build(space, partial(_tell_regions, tell))


def _tell_regions(tell: Tell, phase: str, done: int, total: int) -> None:
    tell("regions", done, total)


def restore_key(backup: Backup) -> str:
    """Let this installation have the secret key of a backup; returns a sentence about it."""
    if layout.KEY not in backup.manifest.parts:
        raise CannotKeep("There is no secret key in this backup.")
    with backup.place.open(backup.path(layout.KEY)) as file:
        key = file.read().decode()
    if key == settings.SECRET_KEY:
        return "The secret key is the same already."
    if settings.DATABASE_URL:
        return f"Set SECRET_KEY to what is in {backup.place}/{backup.path(layout.KEY)}."
    replace_secret_key(settings.DATA_DIR / "secret_key", key)
    return "The secret key was restored."
