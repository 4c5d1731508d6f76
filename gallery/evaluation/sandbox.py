"""Evaluate in a process with a collection of its own: an empty database, and a folder for its files.

`run` starts a program as such a process, in which `empty_collection` prepares the tables. The settings of that process
name the other database and folder, so nothing of the real collection is read or written. The process may be stopped at
any time: what a killed one leaves behind is cleared by the next one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.utils import get_random_secret_key
from django.db import connection
from psycopg import sql

# How the name of a database for evaluations begins.
NAME = "evaluation"
# How the names of those made here, and of the folders, begin.
PREFIX = f"{NAME}_"
# A table that a database has once it was found empty: all else in it belongs to evaluations.
MARK = "evaluation_sandbox"
# The apps whose tables a collection needs; those they depend on come along.
APPS = ("superpixel_site", "selector", "gallery", "procrastinate")
# What `migrate` writes itself.
KEPT = {MARK, "django_migrations", "django_content_type", "auth_permission"}


class NoSandbox(Exception):
    """There is no database to evaluate in; the text is one sentence that says why."""


# In the process that starts the other


def is_inside() -> bool:
    """Whether this process has a database for evaluations."""
    return str(settings.DATABASES["default"]["NAME"]).startswith(NAME)


def run(program: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run a Python program in a collection of its own, on this terminal.

    Ctrl-C and SIGTERM end the program first, then what was made for it is removed. Must not be called within a
    transaction, which cannot create databases.

    Parameters
    ----------
    program
        What follows `python` on a command line.
    environment
        Settings of that process which are others than here.

    Returns
    -------
    int
        The program's exit code; 128 and the signal's number if a signal ended it, as a shell has it.

    Raises
    ------
    NoSandbox
        If no other database may be used.
    """
    with (
        _on_signals(signal.default_int_handler, signal.SIGTERM),
        _database() as url,
        tempfile.TemporaryDirectory(prefix=PREFIX) as folder,
    ):
        code = _wait_for([sys.executable, *program], {**os.environ, **_environment(url, folder), **(environment or {})})
    return code if code >= 0 else 128 - code


def _environment(url: str, folder: str) -> dict[str, str]:
    """The settings of a process that has another database, and its files in a folder."""
    return {
        "DATABASE_URL": url,
        "DATA_DIR": folder,
        "MEDIA_BUCKET": "",
        "MODEL_CACHE_DIR": str(settings.MODEL_CACHE_DIR),
        "SECRET_KEY": get_random_secret_key(),
    }


def _wait_for(command: Sequence[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal sends Ctrl-C to both, but SIGTERM comes to this process alone.
            process.terminate()


@contextmanager
def _database() -> Iterator[str]:
    """The URL of the database to use."""
    if not settings.DATABASE_URL:
        with _database_on_embedded_server() as url:
            yield url
        return
    url = settings.EVALUATION_DATABASE_URL
    if not url:
        raise NoSandbox("Set EVALUATION_DATABASE_URL to an empty database: evaluations do not touch the site's own.")
    name = unquote(urlsplit(url).path[1:])
    if not name.startswith(NAME):
        raise NoSandbox(f"EVALUATION_DATABASE_URL names “{name}”: name a database that begins with “{NAME}”.")
    yield url


@contextmanager
def _database_on_embedded_server() -> Iterator[str]:
    """A new database, which is dropped at the end."""
    name = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        for left_behind in _left_behind(cursor):
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(left_behind)))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    server = connection.get_connection_params()
    connection.close()
    try:
        place = {key: server[key] for key in ("host", "port", "user")}
        url = f"postgresql:///{quote(name)}?{urlencode(place)}"
        # While this connection is open, other evaluations see that the database is in use.
        with psycopg.connect(url):
            yield url
    finally:
        with connection.cursor() as cursor:
            # Forced, as a query that was interrupted may still be running.
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _left_behind(cursor: Any) -> list[str]:
    """The databases of processes that were killed: those without a connection."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)",
        [PREFIX],
    )
    return [name for (name,) in cursor.fetchall()]


# In the other process


@contextmanager
def empty_collection() -> Iterator[None]:
    """The tables of an empty collection in this process's database, emptied again at the end.

    Ctrl-C and SIGTERM end the block, once: a second signal would cut off the clearing.

    Raises
    ------
    NoSandbox
        If the database holds anything but earlier evaluations, or another evaluation is running in it.
    """
    with _on_signals(_interrupt_once, signal.SIGINT, signal.SIGTERM):
        _claim()
        for app in APPS:
            call_command("migrate", app, verbosity=0)
        _empty_tables()
        try:
            yield
        finally:
            # The connection may have been interrupted in the middle of a query.
            connection.close()
            _empty_tables()


def _claim() -> None:
    """Make sure that all that is in the database belongs to evaluations, and that no other one is running."""
    name = settings.DATABASES["default"]["NAME"]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        if tables and MARK not in tables:
            raise NoSandbox(f"The database “{name}” is not empty: evaluations need one of their own.")
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [MARK])
        if not cursor.fetchone()[0]:
            raise NoSandbox(f"Another evaluation is running in the database “{name}”.")
        cursor.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ()").format(sql.Identifier(MARK)))


def _empty_tables() -> None:
    """Delete all rows but those that `migrate` has written."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - KEPT
        names = sql.SQL(", ").join(map(sql.Identifier, sorted(tables)))
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


# Signals


@contextmanager
def _on_signals(handler: Any, *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, known in before.items():
            # A process that is ending goes on ignoring signals.
            if signal.getsignal(number) == handler:
                signal.signal(number, known)


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
