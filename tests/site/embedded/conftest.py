"""Data folders to try, made once and copied, and processes that use the server over one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from superpixel_site.embedded_postgres import binaries, server
from superpixel_site.settings import BASE_DIR
from tests.site.embedded.trials import NONSENSE, Holder, copied, end_all, wait_until_all_ended


@pytest.fixture(scope="package", autouse=True)
def open_code(django_db_setup: None) -> Iterator[Path]:
    """The programs and our start code where every user reaches them: the checkout may be closed to all but root.

    The server of the other tests runs already: started from here, it would lose its programs after these tests.
    """
    with tempfile.TemporaryDirectory(prefix="code") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        programs = Path(str(binaries.folder()).removesuffix(binaries.PROGRAMS))
        for package in ("embedded_postgres", *(libs.name for libs in programs.glob("embedded_postgres*.libs"))):
            shutil.copytree(programs / package, folder / package, symlinks=True)
        ours = Path("superpixel_site", "embedded_postgres")
        shutil.copytree(BASE_DIR / ours, folder / ours, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ours.parent / "__init__.py").touch()
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        # In this process for the programs alone, since our code is imported already; in others for both.
        patch.syspath_prepend(name)
        patch.setenv("PYTHONPATH", name)
        yield folder


@pytest.fixture(scope="package")
def template(open_code: Path) -> Iterator[Path]:
    """A database as the first start makes it, by a process with nonsense in its environment."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder, "postgres")
        holder = Holder(data, environment=os.environ | NONSENSE)
        assert holder.host
        holder.release()
        wait_until_all_ended(Path(folder))
        yield data


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass through, also when root runs the tests; nothing is left running."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        release(path)


@pytest.fixture
def data(folder: Path, template: Path) -> Iterator[Path]:
    """The data folder that all tests share who leave a whole database in it. Copying takes longer than most tests."""
    spare = template.with_name("spare")
    if not spare.exists():
        copied(template, spare)
    data = spare.rename(folder / "postgres")
    yield data
    release(folder)
    if (data / "PG_VERSION").exists() and not (data / "postmaster.pid").exists():
        data.rename(spare)


@pytest.fixture
def own_copy(folder: Path, template: Path) -> Path:
    """A data folder that a test may spoil."""
    (folder / "own").mkdir()
    return copied(template, folder / "own" / "postgres")


def release(folder: Path) -> None:
    """Leave the servers over all data folders in it, and end what a failed test may have left."""
    for data in [data for data in server._held if folder in data.parents]:
        server.leave(data)
    end_all(folder)


@pytest.fixture
def other_python() -> str:
    """A Python that every user of the system may run, for tests that act as another one."""
    for name in ("python3.11", "python3.12", "python3.13", "python3"):
        found = shutil.which(name, path="/usr/bin:/usr/local/bin")
        if found and subprocess.run([found, "-c", "from enum import StrEnum"], check=False).returncode == 0:
            return found
    pytest.skip("needs a Python 3.11 or later outside anybody's home")
