"""Databases beside the one that tests have, on the same server, each for one test; and how theirs is emptied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlencode

import psycopg
from psycopg import sql


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """Create a database, give its URL, and drop it at the end."""
    maintenance = url_of("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield url_of(name)
    finally:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(name: str) -> str:
    """The URL of a database on the server of the tests."""
    from django.db import connection

    known = connection.get_connection_params()
    server = {key: known[key] for key in ("host", "port", "user", "password") if known.get(key)}
    return f"postgresql:///{name}?{urlencode(server)}"


# What Django makes again whenever it has emptied a database, always the same.
MADE_BY_DJANGO = ("django_content_type", "auth_permission")
# What a migration makes: the group of curators.
MADE_BY_MIGRATIONS = ("auth_group", "auth_group_permissions")
# Those that refer to others first.
OF_THE_QUEUE = (
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
)
OF_THE_CACHE = "superpixel_site_cache"
# Its indexes would keep the vectors that are deleted, and find them instead of others.
OF_VECTORS = "gallery_regionvector"


def empty() -> None:
    """Leave the database of the tests as a test that commits found it, as Django's `flush` does, but sooner.

    That makes new files for all tables and indexes, and all content types and permissions anew. Like it, this waits for
    transactions that other threads have open.
    """
    from django.db import connection, transaction

    tables = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SELECT EXISTS (SELECT FROM {OF_VECTORS})")
        if cursor.fetchone() == (True,):
            cursor.execute(f"TRUNCATE {OF_VECTORS}")
        # Django's foreign keys are looked at when the transaction ends.
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))


def empty_beside_models() -> None:
    """Delete all jobs and workers, and what the cache holds: their tables are of no model."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in (*OF_THE_QUEUE, OF_THE_CACHE)))


@cache
def _tables() -> list[str]:
    from django.db import connection

    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(name) for name in names if name not in MADE_BY_DJANGO + MADE_BY_MIGRATIONS]
