"""Images from folders of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gallery.collection.importing import Details, add_public, check_size
from selector.imaging.imagefile import InvalidImage
from selector.imaging.media_types import RAW_SUFFIXES

# Files with these names are tried; whether they are images, their bytes say. Formats that cannot be read are among
# them, so that the report says what to do about each such file.
IMAGE_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "tif", "tiff", "gif", "bmp", "dib"),
        *("avif", "cr3", "heic", "heif", "jp2", "jxl"),
    )
).union(RAW_SUFFIXES)

# Told of each path that cannot be taken, and why.
Report = Callable[[Path, str], None]


def images_in(folder: Path, report: Report, *, recursive: bool = False) -> Iterator[Path]:
    """The image files of a folder in the order of their names, without hidden ones; then those of its subfolders."""
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
    """Put a file into the public collection, and return whether it is new there.

    Raises
    ------
    InvalidImage
        With the sentence to show; also when the file cannot be opened.
    """
    try:
        check_size(file.stat().st_size)
        data = file.read_bytes()
    except OSError as problem:
        raise InvalidImage(unreadable(problem)) from problem
    return add_public(data, storable(file.name), details)[1]


def unreadable(problem: OSError) -> str:
    """The sentence about a file or folder that cannot be opened."""
    return f"It cannot be read: {problem.strerror or problem}."


def storable(name: str) -> str:
    """A file name as text that a database takes: bytes that are not UTF-8 become question marks."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")
