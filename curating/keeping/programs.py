"""PostgreSQL's own programs, and how they reach the site's database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from curating.keeping.places import CannotKeep
from superpixel_site.embedded_postgres import binaries
from superpixel_site.embedded_postgres.errors import SetupError


def server_version() -> int:
    """The major version of the server that has the database."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def folder_of_programs() -> Path:
    """A folder with `pg_dump`, `pg_restore` and `psql` that know the server: those of its version or a later one.

    What is on the path comes first, then what the embedded PostgreSQL brings.

    Raises
    ------
    CannotKeep
        With the sentence that says what to install.
    """
    needed = server_version()
    found = [folder for folder in (_on_the_path(), _embedded()) if folder]
    known = {folder: _version(folder / "pg_dump") for folder in found}
    if right := next((folder for folder, version in known.items() if version >= needed), None):
        return right
    versions = " and ".join(str(version) for version in known.values()) or "none"
    raise CannotKeep(
        f"The server is PostgreSQL {needed}, and the pg_dump that is here is {versions}: "
        f"install the client programs of PostgreSQL {needed}."
    )


def _on_the_path() -> Path | None:
    found = shutil.which("pg_dump")
    if found is None:
        return None
    folder = Path(found).parent
    return folder if all((folder / name).exists() for name in ("pg_restore", "psql")) else None


def _embedded() -> Path | None:
    try:
        return binaries.folder()
    except SetupError:
        return None


def _version(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def database() -> tuple[str, dict[str, str]]:
    """The database as those programs are told it, and their environment: a password stands in no list of processes."""
    parameters = connection.get_connection_params()
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = {name: value for name, value in parameters.items() if name in known and name != "password"}
    password = {"PGPASSWORD": str(parameters["password"])} if parameters.get("password") else {}
    return make_conninfo("", **given), os.environ | {"LC_ALL": "C"} | password
