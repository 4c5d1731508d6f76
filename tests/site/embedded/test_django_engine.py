"""Django's view of the embedded server: settings, connections that break, and errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.db.utils import DEFAULT_DB_ALIAS

from superpixel_site.checks import available_pgvector, check_pgvector
from superpixel_site.embedded_postgres import server
from superpixel_site.embedded_postgres.base import DatabaseClient, DatabaseWrapper
from superpixel_site.settings import BASE_DIR
from tests.site.embedded.trials import postmaster_of, wait_for


@pytest.fixture
def wrapper(data: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseWrapper]:
    """A database of Django's over the data folder, as the settings describe one."""
    described = connections[DEFAULT_DB_ALIAS].settings_dict | {
        "ENGINE": "superpixel_site.embedded_postgres",
        "NAME": "postgres",
        "OPTIONS": {"data": str(data)},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    monkeypatch.setitem(connections.settings, "embedded", described | {"USER": "", "HOST": "", "PORT": ""})
    with django_db_blocker.unblock():
        embedded = connections["embedded"]
        assert isinstance(embedded, DatabaseWrapper)
        yield embedded
        connections["embedded"].close()
        del connections["embedded"]


def one(wrapper: DatabaseWrapper) -> Any:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def test_a_kept_connection_is_made_anew_when_the_server_died(wrapper: DatabaseWrapper, data: Path) -> None:
    assert one(wrapper) == 1
    dead = postmaster_of(data)
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: (status := server.running(data)) or status)
    wrapper.close_if_unusable_or_obsolete()  # What Django does before each request.
    assert one(wrapper) == 1
    assert postmaster_of(data) != dead


def test_the_environment_does_not_lead_away(wrapper: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGHOSTADDR": "127.0.0.1", "PGGSSENCMODE": "require"}.items():
        monkeypatch.setenv(name, value)
    assert one(wrapper) == 1


def test_dbshell_takes_the_psql_that_comes_along(wrapper: DatabaseWrapper) -> None:
    wrapper.ensure_connection()
    arguments, _ = DatabaseClient.settings_to_cmd_args_env(wrapper.settings_dict, ["--tuples-only", "-c", "SELECT 42"])
    shown = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "42"


def test_what_a_person_must_change_is_an_error_of_the_settings(wrapper: DatabaseWrapper) -> None:
    wrapper.settings_dict["OPTIONS"] = {"data": "/two\nlines"}
    with pytest.raises(ImproperlyConfigured, match="line break"):
        wrapper.ensure_connection()
    wrapper.settings_dict["OPTIONS"] = {}
    with pytest.raises(ImproperlyConfigured, match=r'needs OPTIONS\["data"\]'):
        wrapper.ensure_connection()


def test_a_server_that_does_not_start_is_one_of_the_database(wrapper: DatabaseWrapper, own_copy: Path) -> None:
    (own_copy / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    wrapper.settings_dict["OPTIONS"] = {"data": str(own_copy)}
    with pytest.raises(OperationalError, match="did not start"):
        wrapper.ensure_connection()


def test_serve_tells_it_in_a_sentence(own_copy: Path) -> None:
    (own_copy / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    environment = os.environ | {"DATA_DIR": str(own_copy.parent), "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "manage.py", "serve"]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be reached: PostgreSQL did not start over")
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_the_bundled_pgvector_is_recent_enough() -> None:
    assert check_pgvector(available_pgvector("default")) == []


@pytest.mark.parametrize(("version", "code"), [("0.8.3", "E002"), ("0.7", "E002"), (None, "E001")])
def test_an_old_or_missing_pgvector_is_an_error(version: str | None, code: str) -> None:
    (error,) = check_pgvector(version)
    assert error.id == f"superpixel_site.{code}"


@pytest.mark.parametrize("version", ["0.8.4", "0.8.5", "0.10.0", "1.0.0"])
def test_a_recent_pgvector_is_not(version: str) -> None:
    assert check_pgvector(version) == []


def test_the_environment_of_a_test_run_is_postgresql() -> None:
    from django.db import connection

    assert connection.vendor == "postgresql"
    assert os.environ.get("DATABASE_URL") or connection.settings_dict["ENGINE"] == "superpixel_site.embedded_postgres"
