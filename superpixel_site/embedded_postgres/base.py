"""The database wrapper that Django loads for ``ENGINE = "superpixel_site.embedded_postgres"``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base

from superpixel_site.embedded_postgres import server


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, started on the first connection from the data folder in ``OPTIONS["data"]``."""

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        try:
            data = Path(params.pop("data"))
        except KeyError:
            raise ImproperlyConfigured('The embedded PostgreSQL needs OPTIONS["data"], its folder.') from None
        running = server.start(data).get_postmaster_info()
        params |= {"user": "postgres", "host": str(running.socket_dir)}
        # dbshell and dumpdata-like tools read the settings instead of these parameters.
        self.settings_dict.update(USER=params["user"], HOST=params["host"])
        return params
