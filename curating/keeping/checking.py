"""Reading a backup through: every byte of it, and every row of its database."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from curating.keeping import layout, programs
from curating.keeping.catalogue import Copied
from curating.keeping.layout import Backup, pool_name
from curating.keeping.places import CannotKeep, Hashed, as_file

THREADS = 8
FILES_AT_ONCE = 200
_COPY = re.compile(rb"COPY public\.(\S+) .*FROM stdin;\n")


def problems(backup: Backup, tell: Callable[[str, int, int], object] = lambda what, done, total: None) -> Iterator[str]:
    """What is wrong with a backup, a sentence each; none if all is well.

    Its files are read and hashed, and the rows in its dump counted.
    """
    damaged = [*check_parts(backup)]
    yield from damaged
    if damaged:
        return
    yield from _check_rows(backup)
    done = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for piece in pieces(backup):
            yield from filter(None, threads.map(lambda file: _check_file(backup, file), piece))
            done += len(piece)
            tell("files", done, backup.manifest.n_files)


def check_parts(backup: Backup) -> Iterator[str]:
    """Sentences about its own files that are missing or damaged."""
    for part, stated in backup.manifest.parts.items():
        try:
            with backup.place.open(backup.path(part)) as file:
                is_same = Hashed(file).read_all() == stated["sha256"]
        except FileNotFoundError:
            yield f"{part} is missing."
        else:
            if not is_same:
                yield f"{part} is damaged: its SHA-256 is another one."


def pieces(backup: Backup) -> Iterator[list[Copied]]:
    """Its files, some at a time."""
    left: list[Copied] = []
    for file in backup.files():
        left.append(file)
        if len(left) == FILES_AT_ONCE:
            yield left
            left = []
    yield left


def _check_file(backup: Backup, file: Copied) -> str:
    try:
        with backup.place.open(pool_name(file.sha256)) as content:
            is_same = Hashed(content).read_all() == file.sha256
    except FileNotFoundError:
        return f"{file.name} is missing."
    return "" if is_same else f"{file.name} is damaged: its SHA-256 is another one."


def _check_rows(backup: Backup) -> Iterator[str]:
    with as_file(backup.place, backup.path(layout.DUMP)) as dump:
        counts = rows_in(dump)
    for table, n in backup.manifest.tables.items():
        if counts.get(table, 0) != n:
            yield f"{layout.DUMP} has {counts.get(table, 0)} rows of {table}, and the database had {n}."


def rows_in(dump: Path) -> dict[str, int]:
    """How many rows of each table a dump holds; `CannotKeep` if it cannot be read to its end."""
    program = programs.folder_of_programs() / "pg_restore"
    command = [str(program), "--data-only", "--file=-", str(dump)]
    counts: dict[str, int] = {}
    table = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout or ():
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    counts[table] += 1
            elif found := _COPY.match(line):
                table = found[1].decode().strip('"')
                counts[table] = 0
    if process.returncode:
        raise CannotKeep(f"pg_restore cannot read {layout.DUMP}.")
    return counts
