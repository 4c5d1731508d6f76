"""A connection of a pool that outlives its database server."""

from __future__ import annotations

from typing import Any

import psycopg


class PooledConnection(psycopg.Connection[Any]):
    """The first connection that is found broken takes the idle ones of its pool with it.

    A server that died has broken them all. The pool pauses longer after each broken one that it hands out, until it
    gives up.
    """

    def execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[Any]:
        # The pool asks by this method whether a connection is alive; Django makes cursors itself.
        try:
            return super().execute(*arguments, **options)
        except psycopg.OperationalError:
            pool = getattr(self, "_pool", None)
            if self.closed and pool:
                pool.drain()
            raise
