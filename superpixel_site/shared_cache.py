"""The cache that all processes share: a table of the database, so that what is counted or noted there is so for all.

The table is made by a migration.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache.backends.db import DatabaseCache
from django.db import connection, transaction
from psycopg import sql

TABLE = str(settings.CACHES["default"]["LOCATION"])
LOCK = sql.SQL("SELECT FROM {} WHERE cache_key = %s FOR UPDATE").format(sql.Identifier(TABLE))
DELETE_LIKE = sql.SQL("DELETE FROM {} WHERE cache_key LIKE ANY (%s)").format(sql.Identifier(TABLE))
DELETE_EXPIRED = sql.SQL("DELETE FROM {} WHERE expires < now()").format(sql.Identifier(TABLE))


class SharedCache(DatabaseCache):
    """Django's cache in the database, counting exactly: its own `incr` loses what another process counts meanwhile."""

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            stored_as = self.make_and_validate_key(key, version=version)
            cursor.execute(LOCK, [stored_as])
            return super().incr(key, delta, version)


def delete_ending_with(endings: list[str]) -> None:
    """Delete what is stored under keys that end so: what is counted for an account, say."""
    with connection.cursor() as cursor:
        cursor.execute(DELETE_LIKE, [[f"%:{end}" for end in endings]])


def delete_expired() -> None:
    """Delete what has expired: Django does so only when the cache is full."""
    with connection.cursor() as cursor:
        cursor.execute(DELETE_EXPIRED)
