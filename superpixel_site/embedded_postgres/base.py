"""The database wrapper that Django loads for ``ENGINE = "superpixel_site.embedded_postgres"``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from superpixel_site.embedded_postgres import binaries, server
from superpixel_site.embedded_postgres.errors import ServerError, SetupError
from superpixel_site.pooled_connection import PooledConnection

# What the environment (PGHOSTADDR, PGGSSENCMODE) says of other servers must not lead away from this one.
LOCAL = {"hostaddr": "", "gssencmode": "disable"}


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, by the psql that comes with the server."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        (_, *arguments), env = super().settings_to_cmd_args_env(settings_dict, parameters)
        return [str(binaries.program("psql")), *arguments], env


class StartingConnection(PooledConnection):
    """A connection of a pool, which makes them in threads of its own: each starts the server if it does not run."""

    @classmethod
    def connect(cls, conninfo: str = "", *, data: str, **parameters: Any) -> Self:  # type: ignore[override]
        try:
            running = server.start(Path(data))
        except ServerError as problem:
            raise psycopg.OperationalError(str(problem)) from None
        return super().connect(conninfo, **parameters | LOCAL | running._asdict())


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL over the data folder in ``OPTIONS["data"]``; each new connection starts it if it does not run."""

    client_class = DatabaseClient

    @property
    def pool(self) -> Any:
        if options := self.settings_dict["OPTIONS"].get("pool"):
            options["connection_class"] = StartingConnection
        return super().pool

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if "data" not in params:
            raise ImproperlyConfigured('The embedded PostgreSQL needs OPTIONS["data"], its folder.')
        if self.settings_dict["OPTIONS"].get("pool"):
            # Asked for at each request, which may well get a connection that is there already.
            return params
        running = self.started(Path(params.pop("data")))
        params |= LOCAL | running._asdict()
        # dbshell and dumpdata-like tools read the settings instead of these parameters.
        self.settings_dict.update(USER=running.user, HOST=running.host, PORT=running.port)
        return params

    @staticmethod
    def started(data: Path) -> server.Server:
        try:
            return server.start(data)
        except SetupError as problem:
            raise ImproperlyConfigured(str(problem)) from None
        except ServerError as problem:
            raise OperationalError(str(problem)) from None
