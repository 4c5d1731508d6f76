"""System checks of the parts this site stands on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from superpixel_site.watching import readiness

# 0.8.3 mended HNSW index corruption, 0.8.4 "graph not repaired".
PGVECTOR_MINIMUM = (0, 8, 4)


@register(Tags.database)
def pgvector_is_recent(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a pgvector whose HNSW index can lose rows."""
    return [error for alias in databases or () for error in check_pgvector(available_pgvector(alias))]


@register(Tags.database)
def bucket_is_there(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ask the bucket, before the first photo is lost: `superpixel_site.start` makes a sentence of what it says."""
    if databases and settings.MEDIA_BUCKET:
        readiness.use_storage()
    return []


def available_pgvector(alias: str) -> str | None:
    """The version of pgvector that the server has, installed in this database or ready to be."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector'"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def check_pgvector(version: str | None) -> list[CheckMessage]:
    """Judge a version such as ``"0.8.5"``; `None` stands for no pgvector at all."""
    if version is None:
        return [
            Error(
                "The PostgreSQL server has no pgvector.",
                hint="Install the pgvector extension (0.8.4 or later) on the server.",
                id="superpixel_site.E001",
            )
        ]
    if tuple(int(part) for part in version.split(".")) < PGVECTOR_MINIMUM:
        return [
            Error(
                f"pgvector {version} is too old: its HNSW index can lose rows.",
                hint="Install pgvector 0.8.4 or later, then run ALTER EXTENSION vector UPDATE.",
                id="superpixel_site.E002",
            )
        ]
    return []
