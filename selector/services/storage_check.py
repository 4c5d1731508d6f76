"""The storage held against the rows: files that no row names, and rows whose files are missing.

It is done for a 256th of the photos at a time, by the first two digits of their keys, so that of a million files few
thousand are in memory.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db.models import TextField
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Cast, Left
from django.utils import timezone

from selector.models import LabelMap, Photo
from selector.services import label_maps, photos
from superpixel_site.stored_files import MissingFile, is_there

# The folders of `original_path`, `working_path` and `label_map_path`.
ROOTS = ("originals", "photos", "label_maps")
# A file is stored before its row: one as young as this may be waiting for it.
YOUNG = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Missing:
    """A file that a row names and the storage does not have."""

    row: Photo | LabelMap
    field: str

    @property
    def file(self) -> FieldFile:
        found: FieldFile = getattr(self.row, self.field)
        return found

    @property
    def name(self) -> str:
        return str(self.file.name)

    def is_so(self) -> bool:
        """Whether it is, still: the row may be new or gone by now."""
        return not is_there(self.file) and type(self.row)._default_manager.filter(pk__in=[self.row.pk]).exists()

    def repair(self) -> bool:
        """Make the file again from what there is: the very same, or none. Says whether that was possible."""
        try:
            if isinstance(self.row, LabelMap):
                label_maps.restore(self.row)
            elif self.field == "working":
                photos.restore_working_copy(self.row)
        except MissingFile:
            return False
        return is_there(self.file)


@dataclass(frozen=True)
class Comparison:
    """What the storage and the rows of some photos have and lack.

    Attributes
    ----------
    n_files : int
        In the storage.
    orphans : list of str
        Names of files that no row names.
    empty : list of str
        Folders without files whose photo is no longer there.
    missing : list of Missing
    """

    n_files: int
    orphans: list[str]
    empty: list[str]
    missing: list[Missing]


def prefixes() -> list[str]:
    """The beginnings of the keys of all photos that have rows or files, in order."""
    starts = Photo.objects.order_by().values_list(Left(Cast("pk", TextField()), 2), flat=True).distinct()
    folders = [name for root in ROOTS for name in _listdir(root)[0]]
    return sorted({*starts, *(name for name in folders if re.fullmatch("[0-9a-f]{2}", name))})


def compare(prefix: str) -> Comparison:
    """Compare the storage and the rows of the photos whose keys begin with two hexadecimal digits."""
    # The files first: what is stored meanwhile has its row when the rows are read.
    files: set[str] = set()
    folders: list[str] = []
    for root in ROOTS:
        _list(f"{root}/{prefix}", files, folders)
    keys: set[str] = set()
    named: set[str] = set()
    lacking: list[Missing] = []
    for row, fields in _rows(prefix):
        keys.add(str(row.pk))
        for field in fields:
            found = Missing(row, field)
            named.add(found.name)
            if found.name not in files:
                lacking.append(found)
    return Comparison(
        n_files=len(files),
        orphans=sorted(files - named),
        empty=[folder for folder in folders if folder.rpartition("/")[2] not in keys],
        missing=[found for found in lacking if found.is_so()],
    )


def _list(folder: str, files: set[str], empty: list[str]) -> None:
    """Note the files of a folder and of those in it, and which of those in it hold nothing."""
    inner, names = _listdir(folder)
    files.update(f"{folder}/{name}" for name in names if name)
    if not inner and not names and folder.count("/") > 1:
        empty.append(folder)
    for name in inner:
        _list(f"{folder}/{name}", files, empty)


def _listdir(folder: str) -> tuple[list[str], list[str]]:
    """The folders and files in a folder; none where there is no such folder."""
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _rows(prefix: str) -> Iterator[tuple[Photo | LabelMap, tuple[str, ...]]]:
    """The rows that name files, each with its fields of files; photos come before their label maps."""
    keys = _keys(prefix)
    for photo in Photo.objects.filter(pk__range=keys).order_by("pk").iterator():
        yield photo, ("original", "working")
    maps = LabelMap.objects.filter(photo__pk__range=keys).select_related("photo").order_by("pk")
    for label_map in maps.iterator():
        yield label_map, ("labels",)


def _keys(prefix: str) -> tuple[uuid.UUID, uuid.UUID]:
    return uuid.UUID(prefix.ljust(32, "0")), uuid.UUID(prefix.ljust(32, "f"))


def delete_orphans(found: Comparison, older_than: datetime.timedelta = YOUNG) -> list[str]:
    """Delete files that no row names, and empty folders, that are old enough. Returns the names of the files."""
    deleted = [name for name in found.orphans if _delete(name, older_than)]
    for folder in found.empty:
        # Not empty any more, or a storage that has no folders.
        with contextlib.suppress(OSError, NotImplementedError):
            _delete(folder, older_than)
    return deleted


def _delete(name: str, older_than: datetime.timedelta) -> bool:
    try:
        if default_storage.get_modified_time(name) > timezone.now() - older_than:
            return False
    except FileNotFoundError:
        return False
    default_storage.delete(name)
    return True
