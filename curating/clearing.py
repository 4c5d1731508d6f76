"""What the worker deletes of bulk tasks: those of long ago, and files that no row names."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.utils import timezone

from curating import control
from curating.importing import parts
from curating.models import BulkTask
from selector.services.storage_check import YOUNG

FOLDER = "bulk_tasks"


def delete_outdated() -> Iterator[None]:
    """Delete tasks that ended long ago, with their files, and files that a killed process has left without a row.

    What a browser was sending and will not go on with is ended.
    """
    for task in BulkTask.objects.abandoned(timezone.now() - YOUNG):
        control.cancel(task)
        yield
    for task in BulkTask.objects.outdated():
        task.delete()
        yield
    for folder in _listed(FOLDER)[0]:
        for name in _listed(f"{FOLDER}/{folder}")[1]:
            file = f"{FOLDER}/{folder}/{name}"
            if name and not _is_named(folder, file) and _is_old(file):
                default_storage.delete(file)
                yield


def _is_named(folder: str, file: str) -> bool:
    task = BulkTask.objects.filter(pk=folder).first() if folder.isdecimal() else None
    return task is not None and (file in (task.upload.name, task.result.name) or parts.is_needed(task, file))


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _is_old(file: str) -> bool:
    """Whether nobody can be writing a file any more."""
    try:
        return default_storage.get_modified_time(file) < timezone.now() - YOUNG
    except FileNotFoundError:
        return False
