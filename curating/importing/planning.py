"""What an import has to do, as rows: files that wait, and what is left out, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from curating.manifests import LARGEST, UnreadableManifest, read_manifest
from curating.models import BulkTask, ImportItem
from curating.sources import CannotOpen, CannotRead, LeftOut, Source
from curating.sources.common import tidy, why_unsafe

ROWS_AT_ONCE = 500
State = ImportItem.State


def plan(task: BulkTask, source: Source) -> Iterator[None]:
    """Store what is to be done; what is stored already stays. Yields after some rows."""
    items = items_of(source, task)
    while rows := list(islice(items, ROWS_AT_ONCE)):
        # The same path twice is one row: the one of the manifest, which comes first.
        ImportItem.objects.bulk_create(rows, ignore_conflicts=True)
        task.total += len(rows)
        yield


def items_of(source: Source, task: BulkTask | None = None) -> Iterator[ImportItem]:
    """The rows, not stored yet: those of the manifest, then all that the source has.

    `notices` of the task is told what is worth knowing of the manifest.
    """
    if name := source.manifest():
        yield from _of_manifest(source, name, task)
    for entry in source.listed():
        if isinstance(entry, LeftOut):
            yield ImportItem(task=task, path=entry.path, state=State.SKIPPED, reason=entry.reason)
        else:
            yield ImportItem(task=task, path=entry.path)


def _of_manifest(source: Source, name: str, task: BulkTask | None) -> Iterator[ImportItem]:
    try:
        manifest = read_manifest(source.read(name, _check_manifest), name)
    except (CannotRead, UnreadableManifest) as problem:
        raise CannotOpen(f"{name}: {problem}") from problem
    if manifest.unknown and task is not None:
        named = ", ".join(f"“{column}”" for column in manifest.unknown[:20])
        task.notices = f"{name}: nothing is known of these columns: {named}."
    lines: dict[str, int] = {}
    for row in manifest.rows:
        path = tidy(row.path)
        reason = row.problem or why_unsafe(path)
        if not reason and path in lines:
            reason = f"Line {lines[path]} is about the same file."
        if reason:
            yield ImportItem(task=task, path=f"{name}, line {row.line}", state=State.REFUSED, reason=reason)
        else:
            lines[path] = row.line
            yield ImportItem(task=task, path=source.located(path), details=row.details)


def _check_manifest(n_bytes: int) -> None:
    if n_bytes > LARGEST:
        raise CannotRead(f"It has more than {LARGEST // 2**20} MB.")
