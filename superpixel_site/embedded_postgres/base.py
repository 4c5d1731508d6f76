"""The database wrapper that Django loads for ``ENGINE = "superpixel_site.embedded_postgres"``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from superpixel_site.embedded_postgres import binaries, server
from superpixel_site.embedded_postgres.errors import ServerError, SetupError

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


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL over the data folder in ``OPTIONS["data"]``; each new connection starts it if it does not run."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        try:
            data = Path(params.pop("data"))
        except KeyError:
            raise ImproperlyConfigured('The embedded PostgreSQL needs OPTIONS["data"], its folder.') from None
        running = self.started(data)
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
