"""Files on disk are there whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from superpixel_site.file_storage import PARTIAL_SUFFIX, AtomicFileSystemStorage
from superpixel_site.settings import BASE_DIR
from tests.small_disk import files_under, files_up_to


@pytest.fixture
def storage(tmp_path: Path) -> AtomicFileSystemStorage:
    return AtomicFileSystemStorage(location=str(tmp_path))


def test_a_file_is_stored_with_its_bytes_and_rights(storage: AtomicFileSystemStorage, tmp_path: Path) -> None:
    assert storage.save("a/b/c.jpg", ContentFile(b"picture")) == "a/b/c.jpg"
    assert (tmp_path / "a/b/c.jpg").read_bytes() == b"picture"
    assert stat.S_IMODE((tmp_path / "a/b/c.jpg").stat().st_mode) == 0o600
    assert files_under(tmp_path) == {"a/b/c.jpg"}


def test_a_taken_name_is_left_alone(storage: AtomicFileSystemStorage, tmp_path: Path) -> None:
    storage.save("c.jpg", ContentFile(b"first"))
    second = storage.save("c.jpg", ContentFile(b"second"))
    assert (tmp_path / "c.jpg").read_bytes() == b"first"
    assert (tmp_path / second).read_bytes() == b"second"


def test_a_full_disk_leaves_nothing(storage: AtomicFileSystemStorage, tmp_path: Path) -> None:
    with files_up_to(10_000), pytest.raises(OSError) as problem:
        storage.save("a/c.jpg", ContentFile(bytes(20_000)))
    assert problem.value.errno == errno.EFBIG
    assert files_under(tmp_path) == set()
    assert storage.save("a/c.jpg", ContentFile(bytes(20_000))) == "a/c.jpg"


DIES = """
import os, signal, sys
from superpixel_site.file_storage import AtomicFileSystemStorage
from django.core.files.base import ContentFile

class Deadly(ContentFile):
    def chunks(self, chunk_size=None):
        yield bytes(100_000)
        os.kill(os.getpid(), signal.SIGKILL)

AtomicFileSystemStorage(location=sys.argv[1]).save("a/c.jpg", Deadly(b""))
"""


def test_a_killed_process_leaves_only_what_is_known_as_partial(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "superpixel_site.settings"}
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], cwd=BASE_DIR, env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = files_under(tmp_path)
    assert left.startswith("a/.") and left.endswith(PARTIAL_SUFFIX)
