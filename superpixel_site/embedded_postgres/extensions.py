"""Extensions of the embedded server's database keep up with the package that brings them."""

from __future__ import annotations

from typing import Any

from django.db import connections

ENGINE = "superpixel_site.embedded_postgres"


def update_pgvector(using: str, **_: Any) -> None:
    """Before `migrate`: bring the database's pgvector to the version of the installed package.

    PostgreSQL keeps the version that a database began with until it is told otherwise. A server of somebody's own is
    left alone: there it takes the rights of the extension's owner, and the time is for its administrator to choose.
    """
    connection = connections[using]
    if connection.settings_dict["ENGINE"] != ENGINE:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector' AND installed_version <> default_version"
        )
        if cursor.fetchone():
            cursor.execute("ALTER EXTENSION vector UPDATE")
