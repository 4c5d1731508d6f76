"""Asking for an export, and making it: for the worker."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from accounts.exports.contents import Contents
from accounts.exports.streams import Entry, StreamedFile, zipped
from accounts.models import Export
from accounts.models.exports import export_path
from selector.people import Person
from selector.services.storage_check import YOUNG

SECONDS_BETWEEN_NOTES = 1.0
FOLDER = "exports"


class NotWanted(Exception):
    """The export has been cancelled, or its person is gone."""


def make(export_id: uuid.UUID) -> None:
    """Write the file of an export, piece by piece. It may be killed at any moment, and begins anew."""
    export = Export.objects.select_related("owner").filter(pk=export_id).first()
    if export is None or export.state == Export.State.READY:
        return
    contents = Contents(export.person)
    try:
        if not export.begin(contents.count()):
            return
        # What a worker has left that was killed between the file and the row.
        default_storage.delete(export_path(export))
        file = StreamedFile(zipped(_noted(export, contents.entries())), export_path(export))
        name = default_storage.save(export_path(export), file)  # type: ignore[arg-type]
    except NotWanted:
        return
    if not export.finish(name, file.n_bytes):
        default_storage.delete(name)


def _noted(export: Export, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same files; how many there have been is noted now and then."""
    done, noted = 0, time.monotonic()
    for entry in _in_one_thread(entries):
        yield entry
        # A selection is three files, and what is neither it nor a photo does not count.
        done += entry.name.startswith("photos/") or entry.name.endswith(".mask.png")
        if time.monotonic() > noted + SECONDS_BETWEEN_NOTES:
            noted = time.monotonic()
            if not export.note_progress(done):
                raise NotWanted


def _in_one_thread(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same files; a bucket asks for them from a thread of its own, whose connection is closed at the end."""
    try:
        yield from entries
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()


@transaction.atomic
def ask(person: Person) -> tuple[Export, bool]:
    """The person's export that is being made, or a new one in place of what they had; and whether it is new."""
    known = Export.objects.owned_by(person).select_for_update().first()
    if known is not None and known.is_under_way:
        return known, False
    if known is not None:
        known.delete()
    return Export.objects.create(**person.as_fields()), True


def delete_outdated() -> Iterator[None]:
    """Delete exports that have been kept for as long as promised, and files of exports that no row names."""
    for export in Export.objects.outdated():
        export.delete()
        yield
    for name in _stored():
        if not Export.objects.filter(file=name).exists() and _is_old(name):
            default_storage.delete(name)
            yield


def _stored() -> list[str]:
    try:
        return [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1] if name]
    except FileNotFoundError:
        return []


def _is_old(name: str) -> bool:
    """Whether nobody can be writing a file any more: a hidden one grows until it is complete."""
    try:
        return default_storage.get_modified_time(name) < timezone.now() - YOUNG
    except FileNotFoundError:
        return False
