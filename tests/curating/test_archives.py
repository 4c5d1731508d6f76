"""ZIP archives from strangers: what is taken of them, what is told instead, and that nothing is filled by them."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile

import pytest

from curating.sources import Archive, CannotOpen, CannotRead, Found, LeftOut
from tests.curating.archives import archive


def opened(files: dict[str, bytes | str], **changes: int) -> Archive:
    return Archive(io.BytesIO(archive(files, **changes)))


def found(source: Archive) -> list[str]:
    return [entry.path for entry in source.listed() if isinstance(entry, Found)]


def left_out(source: Archive) -> dict[str, str]:
    return {entry.path: entry.reason for entry in source.listed() if isinstance(entry, LeftOut)}


def test_what_systems_put_into_archives_is_told_once_and_not_taken() -> None:
    source = opened(
        {
            "a.jpg": "1", "deep/b.JPG": "2", "__MACOSX/._a.jpg": "", "__MACOSX/deep/._b.JPG": "",
            "deep/._b.JPG": "", "deep/@eaDir/b.JPG": "", "deep/@eaDir/c.JPG": "", "deep/Thumbs.db": "",
            "deep/Thumbs/b.jpg": "", ".DS_Store": "", ".hidden/c.jpg": "", "more.zip": "", "notes.txt": "",
        }
    )  # fmt: skip
    assert found(source) == ["a.jpg", "deep/b.JPG"]
    assert list(left_out(source)) == [
        *("__MACOSX", "deep/._b.JPG", "deep/@eaDir", "deep/Thumbs.db", "deep/Thumbs"),
        *(".DS_Store", ".hidden", "more.zip", "notes.txt"),
    ]
    assert "by itself" in left_out(source)["more.zip"]


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "x/../../a.jpg", "C:\\a.jpg", "..\\a.jpg"])
def test_a_name_that_leads_out_is_not_taken(name: str) -> None:
    assert found(opened({name: "1"})) == []
    assert "leads out" in next(iter(left_out(opened({name: "1"})).values()))


def test_links_and_encrypted_files_are_told() -> None:
    assert "a link" in left_out(opened({"a.jpg": "b.jpg"}, external_attr=(stat.S_IFLNK | 0o777) << 16))["a.jpg"]
    data = bytearray(archive({"a.jpg": "1"}))
    data[data.index(b"PK\1\2") + 8] |= 1
    assert "password" in left_out(Archive(io.BytesIO(bytes(data))))["a.jpg"]


def test_a_file_that_grows_without_end_is_not_unpacked() -> None:
    source = opened({"a.jpg": bytes(50 * 2**20)})
    assert found(source) == []
    with pytest.raises(CannotRead, match="much larger"):
        source.read("a.jpg", lambda n: None)


def test_a_file_that_says_it_is_small_is_read_no_further() -> None:
    data = bytearray(archive({"a.jpg": bytes(20 * 2**20)}))
    directory = data.index(b"PK\1\2")
    struct.pack_into("<II", data, directory + 20, struct.unpack_from("<I", data, directory + 20)[0], 1000)
    source = Archive(io.BytesIO(bytes(data)))
    tracemalloc.start()
    with pytest.raises(CannotRead, match="damaged"):
        source.read("a.jpg", lambda n: None)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_an_archive_that_lists_millions_is_refused_before_the_list_is_read() -> None:
    data = bytearray(archive({"a.jpg": "1"}))
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 2**30)
    with pytest.raises(CannotOpen, match="lists more than"):
        Archive(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("data", [b"", b"no archive", archive({"a.jpg": "1"})[:-30], b"PK\5\6" + bytes(10)])
def test_what_is_no_archive_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(CannotOpen, match="no ZIP archive"):
        Archive(io.BytesIO(data))


def test_two_files_of_one_name_are_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, pytest.warns(UserWarning):
        made.writestr("a.jpg", "1")
        made.writestr("a.jpg", "2")
    source = Archive(out)
    assert source.read("a.jpg", lambda n: None) == b"1"
    assert "another file" in left_out(source)["a.jpg (2)"]


def test_names_of_macos_are_read_and_found_in_both_forms() -> None:
    source = opened({"holder/cafe\u0301.jpg": "1"})
    assert source.located("caf\u00e9.jpg") == "holder/cafe\u0301.jpg", "also below the one folder that holds all"
    raw = archive({"holder/xx.jpg": "1"}).replace(b"xx.jpg", "é.jpg".encode())
    assert found(Archive(io.BytesIO(raw))) == ["holder/é.jpg"]
