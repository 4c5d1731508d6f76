"""ZIP archives, from strangers: nothing is unpacked to a disk, and no file of one is read further than it may be."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from curating.sources.common import CannotOpen, CannotRead, Check, Found, LeftOut, Sieve, composed, is_manifest_at_top

MOST_FILES = 100_000
# Of the list of files at the end, which is read into memory.
LARGEST_DIRECTORY = 24 * 2**20
MOST_BYTES = 2**40
# Pictures hardly get smaller; what gets this much smaller was made to fill a memory.
LARGEST_RATIO = 200
_ENCRYPTED, _UTF_8 = 0x1, 0x800
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_LONGEST_COMMENT = 2**16
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError)


class Archive:
    """A ZIP archive in an open file that can go back and forth.

    Raises
    ------
    CannotOpen
        When it is none, or has more files or larger ones than anybody's pictures.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:
            _check_directory(file)
            self._archive = zipfile.ZipFile(file)
        except NotImplementedError as problem:
            raise CannotOpen(f"The archive cannot be read: {problem}.") from problem
        except _BROKEN as problem:
            raise CannotOpen("It is no ZIP archive, or a broken one.") from problem
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_FILES:
            raise CannotOpen(f"The archive has {len(infos):,} files; at most {MOST_FILES:,} are allowed.")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise CannotOpen("The archive holds more than a terabyte.")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        self._twice: list[str] = []
        for info in infos:
            path = _name(info)
            if path in self._infos:
                self._twice.append(path)
            self._infos.setdefault(path, info)
        self._composed = {composed(path): path for path in self._infos}
        self._top = self._common_folder()

    def listed(self) -> Iterator[Found | LeftOut]:
        sieve = Sieve()
        for path, info in self._infos.items():
            if is_manifest_at_top(path, self._top):
                continue
            for sorted_out in sieve.sort(path):
                reason = _why_left_out(info) if isinstance(sorted_out, Found) else ""
                yield LeftOut(path, reason) if reason else sorted_out
        for number, path in enumerate(self._twice, 2):
            yield LeftOut(f"{path} ({number})", "The archive has another file of this name.")

    def read(self, path: str, check: Check) -> bytes:
        info = self._infos.get(path)
        if info is None:
            raise CannotRead("There is no such file in the archive.")
        if reason := _why_left_out(info):
            raise CannotRead(reason)
        check(info.file_size)
        try:
            with self._archive.open(info) as file:
                return file.read(info.file_size)
        except (NotImplementedError, RuntimeError) as problem:
            raise CannotRead(f"It cannot be unpacked: {problem}.") from problem
        except _BROKEN as problem:
            raise CannotRead("It is damaged in the archive.") from problem

    def located(self, path: str) -> str:
        return self._composed.get(composed(path)) or self._composed.get(composed(self._top + path)) or path

    def manifest(self) -> str:
        return next((path for path in self._infos if is_manifest_at_top(path, self._top)), "")

    def close(self) -> None:
        self._archive.close()

    def _common_folder(self) -> str:
        """The folder that holds all else, with its slash: archives are often made of one."""
        tops = {path.partition("/")[0] for path in self._infos if not path.startswith("__MACOSX/")}
        top = f"{tops.pop()}/" if len(tops) == 1 else ""
        return top if all(path.startswith((top, "__MACOSX/")) for path in self._infos) else ""


def _name(info: zipfile.ZipInfo) -> str:
    """The path of a file: macOS writes UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF_8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/").encode("utf-8", "replace").decode().replace("\0", "")


def _why_left_out(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "It is a link: archives are taken without those."
    if info.flag_bits & _ENCRYPTED:
        return "It is encrypted: make the archive without a password."
    if info.file_size > 2**20 and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
        return "It was made to become much larger than any picture when it is unpacked."
    return ""


def _check_directory(file: IO[bytes]) -> None:
    """Refuse an archive whose list of files would fill the memory, before it is read."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _LONGEST_COMMENT - 200))
    end = file.read()
    start = end.rfind(_END)
    if start < 0:
        raise zipfile.BadZipFile
    (size,) = struct.unpack_from("<I", end, start + 12)
    if size == 0xFFFFFFFF and (start_64 := end.rfind(_END_64)) >= 0:
        (size,) = struct.unpack_from("<Q", end, start_64 + 40)
    if size > LARGEST_DIRECTORY:
        raise CannotOpen(f"The archive lists more than {MOST_FILES:,} files.")
    file.seek(0)


def is_archive(name: str) -> bool:
    """Whether a file may be an archive that can be imported, by its name."""
    return name.lower().endswith(".zip")
