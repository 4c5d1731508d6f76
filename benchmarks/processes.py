"""Which processes serve a site, and what memory they take."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

MB = 2**20


def web_processes(port: int) -> set[int]:
    """The processes started from here that listen on a port."""
    found = set()
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            ports = {c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
            if port in ports:
                found.add(process.pid)
    return found


def resident(pid: int) -> float:
    """Megabytes of a process."""
    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss / MB)
    return 0.0


def largest_child(pid: int, others: set[int]) -> float:
    """Megabytes of the largest process that a process has started, web processes left out."""
    with contextlib.suppress(psutil.Error):
        below = {child.pid for child in psutil.Process(pid).children(recursive=True)}
        return max(map(resident, below - others), default=0.0)
    return 0.0


def with_children(pid: int, others: set[int]) -> float:
    """Megabytes of a process and those it started, web processes left out; what they share is counted twice."""
    with contextlib.suppress(psutil.Error):
        below = {child.pid for child in psutil.Process(pid).children(recursive=True)}
        return resident(pid) + sum(resident(child) for child in below - others)
    return 0.0


def together(pid: int) -> float:
    """Megabytes of a process and those it started, where what several share counts once."""
    with contextlib.suppress(psutil.Error):
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return sum(proportional(process) for process in processes)
    return 0.0


def proportional(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_full_info().pss / MB)
    return 0.0


def processor_seconds(pid: int) -> float:
    """Of a process and all it started, that are there or were waited for."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        ended = times.user + times.system + times.children_user + times.children_system
        return float(ended + sum(processor_seconds(child.pid) for child in psutil.Process(pid).children()))
    return 0.0


@dataclass
class Peak:
    """The most memory seen, in megabytes: of one web process, of one with its children, and of one of these."""

    alone: float = 0.0
    with_children: float = 0.0
    child: float = 0.0
    together: float = 0.0
    # Looking at all memory of many processes takes a good part of a core, which would slow down what is measured.
    seconds_between: float = 0.1
    done: threading.Event = field(default_factory=threading.Event)

    def watch(self, pids: set[int]) -> None:
        while not self.done.wait(self.seconds_between):
            self.alone = max(self.alone, *(resident(pid) for pid in pids))
            self.together = max(self.together, *(together(pid) for pid in pids))
            self.with_children = max(self.with_children, *(with_children(pid, pids) for pid in pids))
            self.child = max(self.child, *(largest_child(pid, pids) for pid in pids))


@contextlib.contextmanager
def peak_of(pids: set[int], seconds_between: float = 0.1) -> Iterator[Peak]:
    """The most memory that web processes take during the block."""
    peak = Peak(seconds_between=seconds_between)
    watcher = threading.Thread(target=peak.watch, args=(pids,))
    watcher.start()
    try:
        yield peak
    finally:
        peak.done.set()
        watcher.join()


def idle(pids: set[int], seconds: float = 3.0) -> dict[int, float]:
    """Megabytes of each process after a while without requests."""
    time.sleep(seconds)
    return {pid: resident(pid) for pid in pids}
