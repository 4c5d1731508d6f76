"""A database that version 0.1 has filled, brought up to date: all is still there, and the site works on it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from superpixel_site.settings import BASE_DIR
from tests.databases import fresh_database

HERE = Path(__file__).parent
NOTES = HERE / "data" / "version-0.1.json"
# What `migrate` writes itself.
OF_DJANGO = {"django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
SEARCHES = "SELECT id, {} FROM gallery_search ORDER BY id"
REGIONS = "SELECT id, {} FROM gallery_indexedregion ORDER BY id"
VISITORS = " UNION ".join(
    f"SELECT visitor FROM {table} WHERE visitor IS NOT NULL"
    for table in ("selector_photo", "selector_selection", "selector_sharedselection", "gallery_search")
)
WITHOUT_BYTES = (
    "SELECT count(*) FROM selector_photo NATURAL LEFT JOIN (SELECT photo_id AS id, labels_bytes FROM"
    " selector_labelmap) AS maps WHERE original_bytes = 0 OR working_bytes = 0 OR labels_bytes = 0"
)


@pytest.fixture
def old_database() -> Iterator[str]:
    """The URL of a database like the one that version 0.1 has left."""
    with fresh_database(f"upgrade_{uuid.uuid4().hex[:12]}") as url:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(gzip.decompress((HERE / "data" / "version-0.1.sql.gz").read_bytes()))
        yield url


@pytest.fixture
def environment(old_database: str, tmp_path: Path) -> dict[str, str]:
    """That of a process of today's site, on the old database and its files."""
    with tarfile.open(HERE / "data" / "version-0.1-media.tar.gz") as archive:
        archive.extractall(tmp_path / "media", filter="data")
    of_site = {"DATABASE_URL": old_database, "DATA_DIR": str(tmp_path), "DEBUG": "true", "LOG_LEVEL": "ERROR"}
    as_filled = {"N_SUPERPIXELS": "60", "MEANING_ENABLED": "false"}
    return os.environ | of_site | as_filled | {"PYTHONPATH": str(BASE_DIR)}


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as session:
        return session.execute(query.encode()).fetchall()


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(url) as session:
        tables = {name for (name,) in session.execute(names)} - OF_DJANGO
        count = sql.SQL("SELECT count(*) FROM {}")
        return {table: session.execute(count.format(sql.Identifier(table))).fetchall()[0][0] for table in tables}


def test_a_database_of_version_0_1_is_brought_up_to_date(old_database: str, environment: dict[str, str]) -> None:
    before = counts(old_database)
    asked, drawn = (rows(old_database, query) for query in (SEARCHES.format("created"), REGIONS.format("lot")))
    assert before["gallery_keptranking"] and before["procrastinate_jobs"] and before["gallery_photofeatures"]

    command = [sys.executable, str(HERE / "upgraded_site.py"), str(NOTES)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as site:
        assert site.stdout is not None
        assert site.stdout.readline() == "migrated\n"
        after = counts(old_database)
        assert {table: after[table] for table in before} == before | {"gallery_keptranking": 0}
        assert rows(old_database, SEARCHES.format("last_asked")) == asked
        assert rows(old_database, REGIONS.format("sample_key")) == drawn
        assert rows(old_database, VISITORS) == rows(old_database, "SELECT id FROM selector_visitor") != []
        assert rows(old_database, WITHOUT_BYTES) == [(0,)]
        answer, _ = site.communicate("go on\n")

    notes, found = json.loads(NOTES.read_text()), json.loads(answer)
    selected = [notes["included"], notes["excluded"]]
    assert found["selected"] == found["undone"] == selected != found["redone"]
    assert found["hits of the old search"] == found["hits of a new one"] == 2
    assert list(found["others"].values()) == [200, 200, 404]
