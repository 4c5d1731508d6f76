"""Images from folders of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from gallery.collection.importing import Details, add_public
from selector.imaging.imagefile import InvalidImage

# What is taken for an image by its name; whether it is one, its bytes say. Formats that cannot be read are
# tried all the same: their owner learns from the sentence what to do.
IMAGE_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp"),
        *("avif", "bmp", "gif", "heic", "heif", "jp2", "jxl", "tif", "tiff"),
    )
)


# Folders

Report = Callable[[Path, str], None]


def images_in(folder: Path, report: Report, *, recursive: bool = False) -> Iterator[Path]:
    """The images of a folder, in the order of their names and without hidden ones; then its subfolders."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as problem:
        report(folder, unreadable(problem))
        return
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in shown:
        if Path(entry.name).suffix.lower() in IMAGE_SUFFIXES and entry.is_file():
            yield Path(entry.path)
    for entry in shown if recursive else ():
        if entry.is_dir(follow_symlinks=False):
            yield from images_in(Path(entry.path), report, recursive=True)


def import_file(file: Path, details: Details) -> bool:
    """Put a file into the public collection; True when it is new.

    Raises
    ------
    InvalidImage
        With the sentence to show, also when the file cannot be read.
    """
    try:
        size = file.stat().st_size
        if size > settings.MAX_UPLOAD_BYTES:
            # Said here because a film of many gigabytes must not be read to find out.
            allowed = settings.MAX_UPLOAD_BYTES / 2**20
            raise InvalidImage(f"The file has {size / 2**20:.1f} MB; at most {allowed:.1f} MB are allowed.")
        data = file.read_bytes()
    except OSError as problem:
        raise InvalidImage(unreadable(problem)) from problem
    return add_public(data, storable(file.name), details)[1]


def unreadable(problem: OSError) -> str:
    return f"It cannot be read: {problem.strerror or problem}."


def storable(name: str) -> str:
    """A file name as text that a database takes: bytes that are no UTF-8 become question marks."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")
