"""Databases beside the one that tests have: on the same server, each for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
