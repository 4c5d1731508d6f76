"""`make run`'s command, for real: from nothing to a served page, and to nothing again on Ctrl-C."""

from __future__ import annotations

import functools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def environment(data_dir: Path, port: int, **settings: str) -> dict[str, str]:
    # The kernels compiled already are used again: compiling them is not what is tested here.
    cache = os.environ["NUMBA_CACHE_DIR"]
    return {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "NUMBA_CACHE_DIR": cache,
        "MEANING_ENABLED": "false",
        "DJANGO_SETTINGS_MODULE": "superpixel_site.settings",
        **settings,
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


@contextmanager
def started(data_dir: Path, port: int, command: str = "serve", **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The site, until the block ends or it has ended by itself."""
    site = subprocess.Popen(
        [sys.executable, "manage.py", command],
        cwd=BASE_DIR,
        env=environment(data_dir, port, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Where the tests run in the background they ignore Ctrl-C, and what they start would inherit that.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        yield site
    finally:
        site.terminate()
        site.communicate(timeout=150)


def running(data_dir: Path, command: str) -> list[psutil.Process]:
    """Its processes of one `manage.py` command, oldest first."""
    found = [process for process in of_this_site(data_dir) if command in words_of(process)]
    return sorted(found, key=lambda process: process.pid)


def words_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def wait_for(condition: Callable[[], object], patience: float = 150) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not so after {patience:.0f} seconds"
        time.sleep(0.1)


def has_loaded_torch(process: psutil.Process) -> bool:
    return any("libtorch" in file.path for file in process.memory_maps())


def test_from_nothing_to_a_served_page_and_back(data_dir: Path, port: int) -> None:
    # Search by meaning is on, as it is by default, and its weights are not to be had.
    with started(data_dir, port, MEANING_ENABLED="true", HF_HUB_OFFLINE="1") as site:
        status, page = get(f"http://127.0.0.1:{port}/")
        assert status == 200
        assert 'name="image"' in page
        assert 'href="/photos/' in page, "the demo collection is on the start page"
        stylesheet = re.search(r'href="(/static/[^"]+\.css)"', page)
        assert stylesheet and get(f"http://127.0.0.1:{port}{stylesheet[1]}")[0] == 200
        assert len(of_this_site(data_dir)) >= 5  # this command, two of web, worker, database

        with started(data_dir, port) as again:
            holder = f"this site already (process {site.pid}, over the data in {data_dir})"
            assert f"CommandError: Port {port} is taken by {holder}" in again.communicate(timeout=150)[0]
        assert again.returncode == 1

        # Whichever dies is started again, and the site answers meanwhile.
        victims = running(data_dir, "web")[0], running(data_dir, "worker")[0]
        for victim in victims:
            victim.kill()
        assert get(f"http://127.0.0.1:{port}/")[0] == 200
        wait_for(lambda: len(running(data_dir, "web")) == 2 and len(running(data_dir, "worker")) == 1)
        assert not any(victim.is_running() for victim in victims)

        assert not any(map(has_loaded_torch, running(data_dir, "web"))), "the worker's child alone looks for weights"
        site.send_signal(signal.SIGINT)
        output, _ = site.communicate(timeout=150)
    assert site.returncode == 0, output
    assert "leaked" not in output, "libraries complain of how processes end"
    assert f"http://localhost:{port}/" in output
    assert "createsuperuser" in output
    wait_for(lambda: not of_this_site(data_dir), 20)

    with started(data_dir, port, "web") as site:
        assert get(f"http://127.0.0.1:{port}/")[0] == 200
        assert (data_dir / "postgres" / "postmaster.pid").exists()
        site.kill()  # takes its processes along, and the last of them the database
        wait_for(lambda: not of_this_site(data_dir), 20)


def test_ctrl_c_while_it_prepares_leaves_nothing_behind(data_dir: Path, port: int) -> None:
    with started(data_dir, port) as site:
        wait_for((data_dir / "postgres" / "postmaster.pid").exists)
        site.send_signal(signal.SIGINT)
        output, _ = site.communicate(timeout=150)
    assert output == "Stopped.\n"
    assert site.returncode == 130
    wait_for(lambda: not of_this_site(data_dir), 20)


DRAW_A_BAR_AND_DIE = "from gallery.management.progress import *; bar(1, ''); import os; os.kill(os.getpid(), 9)"


def test_a_child_that_is_killed_leaves_no_lock_behind(data_dir: Path, port: int) -> None:
    """As Ctrl-C does to one that fetches weights."""
    program = f"""
from gallery.index.indexing_process import *
with IndexingProcesses() as processes:
    try:
        processes.run(exec, {DRAW_A_BAR_AND_DIE!r})
    except ProcessDied:
        print("died")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BASE_DIR, env=environment(data_dir, port), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("died\n", "")


CACHED_IMAGES = "__import__('django.conf').conf.settings.LABEL_MAP_CACHE_SIZE"


def test_children_that_index_keep_few_images(data_dir: Path, port: int) -> None:
    """The process that forks them has read the settings before."""
    program = f"""
from gallery.index.indexing_process import *
with IndexingProcesses() as processes:
    print(processes.run(eval, {CACHED_IMAGES!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BASE_DIR, env=environment(data_dir, port), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_libraries_have_no_complaint_when_a_web_process_ends() -> None:
    """Triton, which comes with torch, counts what is left of it when Python has ended."""
    pytest.importorskip("triton")
    program = "import triton._C.libtriton; from superpixel_site.management.commands.web import *; spare_the_collector()"
    done = subprocess.run([sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert done.stderr == ""


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
