"""Whether the site can do its work: its database, its storage and its worker."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error as DatabaseError
from django.db import connection

# A worker writes its heartbeat every ten seconds.
SECONDS_WITHOUT_A_WORKER = 60
LEAST_BYTES_FREE = 512 * 1024 * 1024
FINE = "ok"


def parts() -> dict[str, str]:
    """Each part of the site, and ``ok`` or what is wrong with it."""
    return {"database": database(), "storage": storage(), "worker": worker()}


def database() -> str:
    """``ok``, or that it cannot be reached: its own words may name hosts and users."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "not reached"
    return FINE


def worker() -> str:
    """``ok`` if a worker has been heard of lately, or since when none has."""
    try:
        age = worker_silence()
    except DatabaseError:
        return "not known"
    if age is None:
        return "never heard of"
    return FINE if age < SECONDS_WITHOUT_A_WORKER else f"not heard of for {age:.0f} seconds"


def worker_silence() -> float | None:
    """Seconds since the last heartbeat of any worker; None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers")
        row = cursor.fetchone()
    return None if row is None or row[0] is None else float(row[0])


def storage() -> str:
    """``ok``, or why photos cannot be stored."""
    try:
        use_storage()
    except Exception as problem:
        # Any kind of storage has its own errors, whose words may name folders and keys.
        return f"cannot be used ({type(problem).__name__})"
    free = free_bytes()
    return FINE if free is None or free >= LEAST_BYTES_FREE else f"nearly full: {free // 1024**2} MB are left"


def use_storage() -> None:
    """Write a small file and delete it; of a bucket, ask whether it is there for these keys.

    Raises
    ------
    Exception
        The storage's own, when that cannot be done.
    """
    if settings.MEDIA_BUCKET:
        client: Any = default_storage.connection.meta.client  # type: ignore[attr-defined]
        client.head_bucket(Bucket=settings.MEDIA_BUCKET)
        return
    name = default_storage.save(f"readyz-{uuid.uuid4().hex}", ContentFile(b"ready"))
    default_storage.delete(name)


def free_bytes() -> int | None:
    """Room for photos; None where it is not in this machine's file system."""
    if settings.MEDIA_BUCKET:
        return None
    folder = Path(default_storage.path(""))
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
