"""Keeps programs running: what `manage.py serve` and `manage.py web` do once all is prepared."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

# A program that ends is started again after a pause, which doubles as long as it does not run for a while.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
RUNS_WELL_AFTER = 60.0
# A web process takes 5 seconds to finish what it has begun; a worker may be in the middle of a long job.
SECONDS_TO_STOP = 10.0
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Names the supervisor to its programs; see `end_with_supervisor`.
SUPERVISOR = "SUPERVISOR_PID"
PR_SET_PDEATHSIG = 1


@dataclass
class Program:
    """A command to keep running, and how it goes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    descriptors: Sequence[int] = ()  # open files that it inherits
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0

    def tend(self, folder: Path) -> None:
        """Start it if it is due; if it has ended, say so and set when it is due."""
        if self.process is not None and self.process.poll() is not None:
            self.put_off(how_it_ended(self.process))
        if self.process is None and time.monotonic() >= self.due:
            self.start(folder)

    def start(self, folder: Path) -> None:
        self.started = time.monotonic()
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd=folder,
                env={**self.environment, SUPERVISOR: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                pass_fds=self.descriptors,
                # Ctrl-C in the terminal is for the supervisor, who then ends all in order.
                start_new_session=True,
            )
        except OSError as problem:
            self.put_off(f"cannot be started: {problem.strerror}")

    def put_off(self, reason: str) -> None:
        ran = time.monotonic() - self.started
        self.pause = FIRST_PAUSE if ran >= RUNS_WELL_AFTER or not self.pause else min(2 * self.pause, LONGEST_PAUSE)
        pid = f" (process {self.process.pid})" if self.process else ""
        print(f"{self.name}{pid} {reason}; it is started again in {self.pause:.0f} s.", file=sys.stderr, flush=True)
        self.process = None
        self.due = time.monotonic() + self.pause

    def wait(self) -> int:
        """Wait until it has ended; returns its exit status."""
        return self.process.wait() if self.process else 1

    def signal(self, sign: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(sign)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs programs from a folder until it is told to stop by a signal. To be run in the main thread.

    There alone Python takes signals, and the kernel ends a program when the thread that started it ends.
    """

    def __init__(self, programs: Sequence[Program], folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.stops = 0

    def run(self) -> None:
        """Keep all running; returns when all have ended after SIGTERM, SIGINT or SIGHUP."""
        with self.signals() as woken:
            while not self.stops:
                for program in self.programs:
                    program.tend(self.folder)
                due = min((program.due for program in self.programs if program.process is None), default=None)
                wait(woken, None if due is None else due - time.monotonic())
            self.stop(woken)

    def stop(self, woken: int) -> None:
        """End all, by force after a while or when told a second time."""
        for program in self.programs:
            program.signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while self.running() and time.monotonic() < deadline and self.stops == 1:
            wait(woken, deadline - time.monotonic())
        for program in self.running():
            program.signal(signal.SIGKILL)
        for program in self.running():
            assert program.process is not None
            program.process.wait()

    def running(self) -> list[Program]:
        return [program for program in self.programs if program.is_running]

    def note(self, sign: int, frame: FrameType | None) -> None:
        self.stops += sign in STOPPING

    @contextlib.contextmanager
    def signals(self) -> Iterator[int]:
        """Take the signals; gives a descriptor that can be read when one has come, so that none comes unnoticed."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        before = {}
        for sign in (*STOPPING, signal.SIGCHLD):
            # Who started this with nohup wants it to outlive the terminal.
            if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:
                before[sign] = signal.signal(sign, self.note)
        try:
            yield reader
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)
            signal.set_wakeup_fd(-1)
            os.close(reader)
            os.close(writer)


def wait(woken: int, seconds: float | None) -> None:
    """Wait for a signal, or so long."""
    select.select([woken], [], [], None if seconds is None else max(0, seconds))
    with contextlib.suppress(BlockingIOError):
        os.read(woken, 4096)


def how_it_ended(process: subprocess.Popen[bytes]) -> str:
    if process.returncode < 0:
        return f"was ended by signal {-process.returncode} ({signal.strsignal(-process.returncode)})"
    return f"ended with exit code {process.returncode}"


def end_with_supervisor() -> None:
    """Have the kernel send this process SIGTERM when its supervisor dies, even by SIGKILL; without one, do nothing.

    A process that nobody ends would hold the port and the embedded database for ever. To be called first of all.
    """
    supervisor = os.environ.pop(SUPERVISOR, None)
    if supervisor is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before that
        sys.exit(1)
