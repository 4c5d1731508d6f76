"""What all sources have in common, and which names are never those of somebody's pictures."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from curating import manifests
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
ARCHIVE_SUFFIXES = frozenset((".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"))
LONGEST_PATH = 2000
# What systems and shared disks put beside pictures, in lower case, and what that is.
_COPIES = "It holds small copies that a system has made of pictures."
_THROWN_AWAY = "It holds what was thrown away."
_OF_A_SYSTEM = "A system has made it for itself."
_NAMES_OF_SYSTEMS = {
    **dict.fromkeys(("@eadir", "thumbs", ".thumbnails", ".thumbs", "thumbs.db", "ehthumbs.db"), _COPIES),
    **dict.fromkeys(("#recycle", "@recycle", "$recycle.bin", ".trash", ".trashes"), _THROWN_AWAY),
    **dict.fromkeys(("__macosx", ".ds_store", "desktop.ini", "lost+found"), _OF_A_SYSTEM),
    **dict.fromkeys(("@recently-snapshot", "#snapshot", "system volume information"), _OF_A_SYSTEM),
}


class CannotOpen(Exception):
    """A source cannot be used at all; its text is one sentence that says why."""


class CannotRead(Exception):
    """A file of a source cannot be read; its text is one sentence that says why."""


@dataclass(frozen=True)
class Found:
    """A file that may be an image, by its path within the source."""

    path: str


@dataclass(frozen=True)
class LeftOut:
    """What a source has that is not taken: a file, or a folder with all in it."""

    path: str
    reason: str


# Told how many bytes a file has; raises when those are too many.
Check = Callable[[int], None]


class Source(Protocol):
    """Where images are imported from. Paths have slashes, and are text that a database takes."""

    def listed(self) -> Iterator[Found | LeftOut]:
        """All that is there, in an order that stays."""

    def read(self, path: str, check: Check) -> bytes:
        """The bytes of a file, whose number is checked before they are read; `CannotRead` when there is none."""

    def located(self, path: str) -> str:
        """The path by which a file is listed that a manifest names; the same path when there is no such file."""

    def manifest(self) -> str:
        """The path of the manifest that is at the top; empty if there is none."""

    def close(self) -> None:
        """Let go of what is open."""


def why_left_out(name: str, *, is_folder: bool) -> str:
    """Why a file or folder is never taken, by its name alone; empty if it may be."""
    if reason := _NAMES_OF_SYSTEMS.get(name.lower()):
        return reason
    if name.startswith("._"):
        return "It is no picture: macOS keeps notes about one in it."
    if name.startswith("."):
        return "It is hidden: its name begins with a dot."
    return "" if is_folder else _why_no_image(PurePosixPath(name.lower()).suffix)


def _why_no_image(suffix: str) -> str:
    if suffix in ARCHIVE_SUFFIXES:
        return "It is an archive in what is imported: import it by itself."
    return "" if suffix in IMAGE_SUFFIXES else "It is not called an image: its name ends otherwise."


def why_unsafe(path: str) -> str:
    """Why a path within a source is no such path; empty if it is one."""
    if len(path.encode("utf-8", "replace")) > LONGEST_PATH:
        return "Its name is too long."
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
        return "Its name leads out of what is imported."
    return ""


def tidy(path: str) -> str:
    """A path as a manifest writes it, with slashes and without detours that change nothing.

    Examples
    --------
    >>> tidy(".\\\\box\\\\1.jpg")
    'box/1.jpg'
    """
    path = posixpath.normpath(path.replace("\\", "/"))
    return path.removeprefix("./")


def composed(path: str) -> str:
    """A path in the form in which two that look the same are the same."""
    return unicodedata.normalize("NFC", path)


def is_manifest_at_top(path: str, top: str = "") -> bool:
    """Whether a path is that of the manifest of a source; its own name says so."""
    return path.removeprefix(top).lower() in manifests.NAMES


class Sieve:
    """Sorts out paths of a source without folders of its own: archives and buckets have names alone."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def sort(self, path: str) -> Iterator[Found | LeftOut]:
        """The file as found, or what keeps it out: a folder is told once, whatever it holds."""
        if unsafe := why_unsafe(path):
            yield LeftOut(path[: LONGEST_PATH // 4], unsafe)
            return
        parts = path.split("/")
        for depth, name in enumerate(parts, 1):
            if reason := why_left_out(name, is_folder=depth < len(parts)):
                inner = "/".join(parts[:depth])
                if inner not in self._told:
                    self._told.add(inner)
                    yield LeftOut(inner, reason)
                return
        yield Found(path)
