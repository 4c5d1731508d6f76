"""Heavy work of web processes, few at once: decoding, segmenting, rendering.

Each takes a core and up to some hundred megabytes, so a process has a few slots for it. The rest waits in a line, in
the order of coming, without keeping the threads that clicks need; who would have to wait too long is told to come back.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Condition

from django.conf import settings

from superpixel_site.refusals import Busy
from superpixel_site.waiting import give_up_if_nobody_waits

# How long until it is noticed that nobody waits any more, in seconds.
NOTICED_WITHIN = 0.2
# Threads that never wait in the line: clicks and pages are answered by them.
FREE_THREADS = 4

# When the holder of a slot asked for it.
_asked: ContextVar[float | None] = ContextVar("asked", default=None)


class Slots:
    """Slots for heavy work, with a line of those who wait for one.

    Parameters
    ----------
    count : how many there are
    longest_line : how many may wait
    patience : how long they may, in seconds
    """

    def __init__(self, count: int, longest_line: int, patience: float) -> None:
        self.free = count
        self.line: deque[object] = deque()
        self._longest_line = longest_line
        self._patience = patience
        self._changed = Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a slot, after waiting for it. Who holds one already needs no other.

        Raises
        ------
        Busy
            When the line is too long already, or patience ends.
        NobodyWaits
        """
        if _asked.get() is not None:
            yield
            return
        asked = time.monotonic()
        self._take()
        token = _asked.set(asked)
        try:
            yield
        finally:
            _asked.reset(token)
            with self._changed:
                self.free += 1
                self._changed.notify_all()

    def _take(self) -> None:
        ticket = object()
        with self._changed:
            if not self.free and len(self.line) >= self._longest_line:
                raise Busy
            self.line.append(ticket)
            try:
                self._wait(ticket)
                self.free -= 1
            finally:
                self.line.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object) -> None:
        end = time.monotonic() + self._patience
        while not (self.free and self.line[0] is ticket):
            give_up_if_nobody_waits()
            if time.monotonic() >= end:
                raise Busy
            self._changed.wait(NOTICED_WITHIN)


@cache
def _slots() -> Slots:
    """Those of this process."""
    longest_line = max(1, settings.WEB_THREADS - settings.WORK_SLOTS - FREE_THREADS)
    return Slots(settings.WORK_SLOTS, longest_line, settings.WORK_PATIENCE_SECONDS)


@contextmanager
def work_slot() -> Iterator[None]:
    """Hold one of this process's slots: see `Slots.one`. Take it before a database lock, never inside one."""
    with _slots().one():
        yield


def seconds_so_far() -> float:
    """How long ago the slot was asked for that is held here, waiting included; 0 where none is."""
    asked = _asked.get()
    return 0.0 if asked is None else time.monotonic() - asked
