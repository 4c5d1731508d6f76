"""A collection of its own for a while: a fresh database on the same server, and a folder for its files.

Nothing of the real collection is read or touched, and nothing stays behind: what a killed process could not take
away, the next one does.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import connection

from gallery.index import features
from gallery.search import calibration
from selector.services import label_maps

PREFIX = "evaluation_"
# The apps whose tables a collection needs; those they depend on come along.
APPS = ("selector", "gallery", "procrastinate")


@contextmanager
def temporary_index() -> Iterator[None]:
    """Until the block ends, Django's connection and storage are those of an empty collection.

    Must not be entered within a transaction: the connection is closed.
    """
    with _database(), _files():
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    """What this process keeps by keys of the database."""
    for module in (label_maps, features, calibration):
        module.forget()


@contextmanager
def _database() -> Iterator[None]:
    name, original = f"{PREFIX}{uuid.uuid4().hex[:12]}", connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        for forgotten in _forgotten(cursor):
            cursor.execute(f'DROP DATABASE IF EXISTS "{forgotten}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        for app in APPS:
            call_command("migrate", app, verbosity=0)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        with connection._nodb_cursor() as cursor:
            # Forced, as a query that was interrupted may still be running.
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _forgotten(cursor: object) -> list[str]:
    """Databases of processes that were killed: nobody is connected to them."""
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)",
        [PREFIX],
    )
    return [name for (name,) in cursor.fetchall()]  # type: ignore[attr-defined]


@contextmanager
def _files() -> Iterator[None]:
    default_storage.exists("")  # Set up, so that there is something to put back.
    original = default_storage._wrapped  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        default_storage._wrapped = FileSystemStorage(location=folder, base_url=None)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            default_storage._wrapped = original  # type: ignore[attr-defined]
