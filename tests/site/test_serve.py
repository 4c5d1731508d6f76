"""`make run`'s command, for real: from nothing to a served page, and to nothing again on Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from superpixel_site.settings import BASE_DIR


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="site") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data_dir: Path, port: int) -> dict[str, str]:
    # The kernels compiled already are used again: compiling them is not what is tested here.
    cache = os.environ["NUMBA_CACHE_DIR"]
    return {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "NUMBA_CACHE_DIR": cache,
        "MEANING_ENABLED": "false",
        "DJANGO_SETTINGS_MODULE": "superpixel_site.settings",
    }


def get(url: str, patience: float = 150) -> tuple[int, str]:
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def of_this_site(data_dir: Path) -> list[psutil.Process]:
    """Every process that was started with this data folder, in its environment or on its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(data_dir) in [process.environ().get("DATA_DIR"), *process.cmdline()] or any(
                str(data_dir) in word for word in process.cmdline()
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_from_nothing_to_a_served_page_and_back(data_dir: Path, port: int) -> None:
    site = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=BASE_DIR,
        env=environment(data_dir, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        status, page = get(f"http://127.0.0.1:{port}/")
        assert status == 200
        assert 'name="image"' in page
        assert 'href="/photos/' in page, "the demo collection is on the start page"
        assert len(of_this_site(data_dir)) >= 4  # this command, web, worker, database
    finally:
        site.send_signal(signal.SIGINT)
        output, _ = site.communicate(timeout=60)
    assert site.returncode == 0, output
    assert f"http://localhost:{port}/" in output
    assert "createsuperuser" in output
    deadline = time.monotonic() + 20
    while of_this_site(data_dir) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not of_this_site(data_dir)


def test_a_taken_port_is_one_sentence(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=BASE_DIR,
            env=environment(data_dir, port),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"CommandError: Port {port} is taken")
