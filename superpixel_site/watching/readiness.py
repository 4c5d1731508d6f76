"""Whether the site can do its work: its database, its storage and its worker."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
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
        if not isinstance(default_storage, FileSystemStorage):
            # A request that the keys and the bucket must allow; it is no matter whether the file is there.
            default_storage.exists("readyz")
            return FINE
        name = default_storage.save(f"readyz-{uuid.uuid4().hex}", ContentFile(b"ready"))
        default_storage.delete(name)
    except Exception as problem:
        return f"cannot be used ({type(problem).__name__})"
    free = free_bytes()
    return FINE if free is None or free >= LEAST_BYTES_FREE else f"nearly full: {free // 1024**2} MB are left"


def free_bytes() -> int | None:
    """Room for photos; None where it is not in this machine's file system."""
    if settings.MEDIA_BUCKET:
        return None
    folder = Path(default_storage.path(""))
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
