"""Programs are kept running, and end with their supervisor however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from superpixel_site import supervisor
from superpixel_site.settings import BASE_DIR

# Keeps two programs running that say which process they are, with short pauses.
SUPERVISE = """
import sys
from pathlib import Path
from superpixel_site import supervisor
supervisor.FIRST_PAUSE, supervisor.LONGEST_PAUSE = 0.2, 0.8
programs = [supervisor.Program(name, [sys.executable, "-c", sys.argv[1], name]) for name in ("one", "two")]
supervisor.Supervisor([*programs, *(supervisor.Program(word, [word]) for word in sys.argv[2:])], Path.cwd()).run()
print("all ended")
"""
PROGRAM = """
import os, signal, sys, time
from superpixel_site.supervisor import end_with_supervisor
end_with_supervisor()
if "STUBBORN" in os.environ:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write(f"{sys.argv[1]} {os.getpid()}\\n")  # in one piece: both write to one pipe
sys.stdout.flush()
time.sleep(60)
"""


class Supervised:
    """A supervisor with its programs "one" and "two"."""

    def __init__(self, *commands: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, PROGRAM, *commands],
            cwd=BASE_DIR,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout
        self.pids = dict(self.next_start() for _ in range(2))

    def next_start(self) -> tuple[str, int]:
        name, pid = self.said.readline().split()
        return name, int(pid)

    def end(self) -> tuple[str, str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=100)
        return out, err


@pytest.fixture
def start() -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def begin(*commands: str, **environment: str) -> Supervised:
        started.append(Supervised(*commands, **environment))
        return started[-1]

    yield begin
    for supervised in started:
        for pid in supervised.pids.values():
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)
        supervised.process.kill()
        supervised.process.communicate()


def has_ended(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until_ended(*pids: int) -> None:
    deadline = time.monotonic() + 100
    while not all(has_ended(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_program_that_dies_is_started_again_and_the_other_goes_on(start: Callable[..., Supervised]) -> None:
    site = start()
    for _ in range(2):
        os.kill(site.pids["one"], signal.SIGKILL)
        name, again = site.next_start()
        assert name == "one" and again != site.pids["one"]
        site.pids["one"] = again
    assert not has_ended(site.pids["two"])
    out, err = site.end()
    assert out == "all ended\n" and site.process.returncode == 0
    assert err.count("\n") == 2 and "was ended by signal 9 (Killed); it is started again in" in err
    wait_until_ended(*site.pids.values())


def test_pauses_grow_and_begin_anew_after_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    program = supervisor.Program("The worker", ["false"])
    pauses = []
    for ran in (0.0, 2.0, 5.0, 30.0, 30.0, 59.0, 61.0, 1.0):
        program.started = time.monotonic() - ran
        program.put_off("ended")
        pauses.append(program.pause)
    assert pauses == [1, 2, 4, 8, 16, 30, 1, 2]
    assert capsys.readouterr().err.startswith("The worker ended; it is started again in 1 s.\n")


def test_a_program_that_cannot_be_started_is_one_line_and_the_others_go_on(start: Callable[..., Supervised]) -> None:
    out, err = start("/no/such/program").end()
    assert out == "all ended\n"
    assert "/no/such/program cannot be started: No such file or directory; it is started again in" in err
    assert "Traceback" not in err


def test_programs_end_with_a_supervisor_that_is_killed(start: Callable[..., Supervised]) -> None:
    site = start()
    site.process.kill()
    wait_until_ended(*site.pids.values())


def test_one_that_does_not_stop_is_killed_when_told_a_second_time(start: Callable[..., Supervised]) -> None:
    site = start(STUBBORN="yes")
    site.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    assert site.end()[0] == "all ended\n"
    wait_until_ended(*site.pids.values())


def test_a_program_whose_supervisor_is_gone_already_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "late"],
        cwd=BASE_DIR,
        env={**os.environ, supervisor.SUPERVISOR: "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == b""
