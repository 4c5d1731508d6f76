"""Functions run in child processes: what comes back, and what ends them."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from selector.imaging.child import CRASHED, TOO_MUCH_MEMORY, TOO_MUCH_TIME, ChildFailed, Limits, OutOfTime, in_child
from selector.imaging.containers import InvalidImage

ROOT = Path(__file__).parents[2]
LIMITS = Limits(memory=64 * 2**20, seconds=1, clock_seconds=100)


def test_a_result_comes_from_another_process() -> None:
    assert in_child(math.sqrt, 16, limits=LIMITS) == 4
    assert in_child(os.getpid, limits=LIMITS) != os.getpid()


def test_an_exception_comes_from_it_as_well() -> None:
    with pytest.raises(ValueError, match="math domain"):
        in_child(math.sqrt, -1, limits=LIMITS)


@pytest.mark.parametrize(
    ("function", "argument", "sentence"),
    [
        (bytes, 2**30, TOO_MUCH_MEMORY),
        (math.factorial, 3_000_000, TOO_MUCH_TIME),
        (signal.raise_signal, signal.SIGKILL, TOO_MUCH_MEMORY),
        (signal.raise_signal, signal.SIGSEGV, CRASHED),
    ],
)
def test_what_ends_it_is_a_sentence_and_nothing_stays(
    function: Callable[..., Any], argument: int, sentence: str
) -> None:
    with pytest.raises(InvalidImage, match=sentence):
        in_child(function, argument, limits=LIMITS)
    assert multiprocessing.active_children() == []


def test_sleeping_is_ended_by_the_clock() -> None:
    with pytest.raises(OutOfTime, match=TOO_MUCH_TIME):
        in_child(time.sleep, 60, limits=replace(LIMITS, clock_seconds=0.5))


def test_so_is_a_child_that_no_alarm_can_wake() -> None:
    """A stopped process takes no signal but SIGKILL, like one that waits for a broken disk."""
    with pytest.raises(OutOfTime):
        in_child(signal.raise_signal, signal.SIGSTOP, limits=replace(LIMITS, clock_seconds=0.5))
    assert multiprocessing.active_children() == []


def test_whoever_stops_waiting_ends_it() -> None:
    def gone() -> None:
        raise KeyError("nobody waits")

    with pytest.raises(KeyError):
        in_child(time.sleep, 60, limits=LIMITS, stop=gone)
    assert multiprocessing.active_children() == []


def test_an_end_that_means_nothing_is_no_fault_of_the_picture() -> None:
    with pytest.raises(ChildFailed):
        in_child(os._exit, 7, limits=LIMITS)


def test_a_server_of_children_that_was_killed_is_started_again() -> None:
    server = psutil.Process(in_child(os.getppid, limits=LIMITS))
    server.kill()
    # It is a child of this process, which has not been told to look after it.
    while server.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert in_child(math.sqrt, 16, limits=LIMITS) == 4


def test_a_long_path_of_the_temporary_folder_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    program = f"import math; from selector.imaging.child import *; print(in_child(math.sqrt, 16, limits={LIMITS!r}))"
    environment = os.environ | {"TMPDIR": str(folder)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "4.0\n"
