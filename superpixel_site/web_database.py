"""The database as web processes use it: connections from a bounded pool, and queries that end in time.

Commands, the worker and tests each have a connection of their own, and take as long as they need.
"""

from __future__ import annotations

import atexit
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from superpixel_site.pooled_connection import PooledConnection

SECONDS_TO_WAIT_FOR_A_CONNECTION = 10
# A request that holds a transaction open may decode a large photo meanwhile.
SECONDS_IDLE_IN_TRANSACTION = 120


def configure() -> None:
    """Change the settings of this process's database; to be called before anything connects."""
    change(settings.DATABASES[DEFAULT_DB_ALIAS])
    atexit.register(close_pool)


def change(database: dict[str, Any]) -> None:
    """Change a database as Django's settings describe it."""
    options = database.setdefault("OPTIONS", {})
    options["pool"] = {
        "connection_class": PooledConnection,
        "min_size": 0,
        "max_size": connections_for_each_process(),
        "timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
        # A later request tries again at once, instead of waiting for a pause that has become long.
        "reconnect_timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
    }
    database["CONN_MAX_AGE"] = 0
    if settings.STATEMENT_TIMEOUT_SECONDS:
        # With the connection itself, so that no request has to set it.
        options["options"] = " ".join([options.get("options", ""), *time_limits()]).strip()


def connections_for_each_process() -> int:
    """This process's share of the connections that all web processes may have."""
    share: int = settings.DATABASE_CONNECTIONS // settings.WEB_CONCURRENCY
    return max(2, share)


def time_limits() -> list[str]:
    """Options of a connection, as PostgreSQL's command line has them."""
    return [
        f"-c statement_timeout={settings.STATEMENT_TIMEOUT_SECONDS}s",
        f"-c idle_in_transaction_session_timeout={SECONDS_IDLE_IN_TRANSACTION}s",
    ]


def close_pool() -> None:
    """End the pool's threads, which would hold up the end of the process."""
    connections[DEFAULT_DB_ALIAS].close_pool()  # type: ignore[attr-defined]
