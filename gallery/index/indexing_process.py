"""Child processes that do the work of images, so that their parent sees which image one of them died on.

A picture can end the process that reads it: it needs too much memory, or meets a fault in a library. A worker that dies
itself cannot tell on what. A server process that has imported what they need forks them (`multiprocessing`'s fork
server): they start at once, and share that memory.
"""

from __future__ import annotations

import ctypes
import fcntl
import importlib
import multiprocessing
import os
import pickle  # nosec B403 # of what this process has just made
import queue
import signal
import threading
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")

# A child that has done so many works is followed by a fresh one, whatever its libraries have piled up.
WORKS_OF_A_PROCESS = 1000
# People's clicks come before indexing.
NICENESS = 10
SECONDS_TO_END = 1.0
# Names of the C library's.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# What is larger is given back at once; of smaller things so much is kept.
LARGE, KEPT = 6 * 2**20, 32 * 2**20
# What is kept lies scattered in the end: after so many works all of it is given back.
WORKS_BETWEEN_TRIMS = 10

_context = multiprocessing.get_context("forkserver")
# `multiprocessing` looks after all children whenever one starts, and two threads must not do so at once.
_bookkeeping = threading.Lock()


class ProcessDied(Exception):
    """A child died while it did one work, after its start, and nothing else."""


class ProcessFailed(Exception):
    """A child could not be started, or was ended by its parent: that says nothing about its work."""


class IndexingProcesses:
    """So many child processes, each of which does one work at a time. May be used by several threads at once.

    A child is started when it is first needed, and again when it has died. None outlives this process.

    Parameters
    ----------
    n : how many
    prepare : what a child does first, such as loading models: dying meanwhile is no fault of an image
    """

    def __init__(self, n: int = 1, prepare: Callable[[], Any] | None = None) -> None:
        self._children = [_Child(prepare) for _ in range(n)]
        # The last one used comes first: where little is to be done, few are started.
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        for child in self._children:
            self._idle.put(child)

    def run(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call a function in a child, wait for what it returns, and return that.

        The function is found by its name. Arguments, results and errors travel as copies.

        Raises
        ------
        ProcessDied, ProcessFailed
            And whatever the function raises.
        """
        child = self._idle.get()
        try:
            return child.run(work, args, kwargs)
        finally:
            self._idle.put(child)

    def end(self) -> None:
        """End all children now, whatever they are doing, and start no more: `run` raises `ProcessFailed`.

        What they have not committed is rolled back.
        """
        for child in self._children:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class _Child:
    """One child process, from the parent's side."""

    def __init__(self, prepare: Callable[[], Any] | None) -> None:
        self._prepare = prepare
        self._process: multiprocessing.process.BaseProcess | None = None
        self._works = 0
        self._is_asked = False
        self._is_ended = False
        self._lock = threading.Lock()

    def run(self, work: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        if self._works >= WORKS_OF_A_PROCESS or self._process is None or not self._process.is_alive():
            self._start()
        self._works += 1
        try:
            result: Result = self._ask(work, args, kwargs)
        except EOFError:
            died = f"The process that did it died ({self._how_it_ended()})."
            raise (ProcessFailed if self._is_ended else ProcessDied)(died) from None
        return result

    def end(self) -> None:
        with self._lock:
            self._is_ended = True
            self._kill()

    def _start(self) -> None:
        with self._lock:
            self._kill()
            if self._is_ended:
                raise ProcessFailed("No more processes are started.")
            self._connection, theirs = _context.Pipe()
            # Else the end of the child would not be the end of the connection.
            with theirs:
                self._process = _forked(theirs)
            self._works = 0
        try:
            self._ask(os.getpid)
            if self._prepare:
                self._ask(self._prepare)
        except EOFError:
            raise ProcessFailed(f"A process for indexing could not start ({self._how_it_ended()}).") from None

    def _ask(self, work: Callable[..., Any], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        self._is_asked = True
        try:
            self._connection.send((work, args, kwargs or {}))
            is_well, answer = self._connection.recv()
            self._is_asked = False
        except OSError:  # It died before it had read the question, or in the middle of the answer.
            raise EOFError from None
        except KeyboardInterrupt:
            # Its answer would be taken for that to the next question.
            self._kill()
            raise
        if is_well:
            return answer
        raise answer

    def _how_it_ended(self) -> str:
        assert self._process is not None
        self._process.join()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def _kill(self) -> None:
        """End the process: in good order if it waits for work, else by force."""
        if self._process is None:
            return
        if not self._is_asked:
            self._connection.close()
            self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()
        self._is_asked = False


def _forked(connection: Connection) -> multiprocessing.process.BaseProcess:
    """A new child that answers on a connection."""
    process = _context.Process(target=_serve, args=(connection,), daemon=True)
    try:
        with _bookkeeping:
            _context.set_forkserver_preload(["selector.rendering.warmed", "gallery.index.warmed"])
            process.start()
    except (OSError, EOFError) as problem:
        raise ProcessFailed(f"A process for indexing could not start ({problem}).") from None
    return process


# In the child


def _serve(connection: Connection) -> None:
    """Do what the parent asks for, until it ends."""
    _end_with_parent()
    for sign in (signal.SIGINT, signal.SIGTERM):
        # The terminal and some supervisors send them to all processes; what becomes of this one its parent decides.
        signal.signal(sign, signal.SIG_IGN)
    # A daemon may have no children of its own. This one ends with its parent all the same, and its children with it:
    # imports read files from strangers in some.
    multiprocessing.process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    os.nice(NICENESS)
    _keep_freed_memory()
    # Another may have started the server, without it.
    importlib.import_module("gallery.index.warmed")
    for number in count(1):
        try:
            work, args, kwargs = connection.recv()
        except EOFError:
            return
        connection.send(_answer(work, args, kwargs))
        if number % WORKS_BETWEEN_TRIMS == 0:
            _give_freed_memory_back()


def _answer(work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
    """Whether the work was done, and what it returned or raised."""
    from django.db import close_old_connections

    # A connection that broke while nothing was done is replaced, at no cost to the next image.
    close_old_connections()
    try:
        return True, work(*args, **kwargs)
    except Exception as problem:
        return False, _sendable(problem)


def _sendable(problem: Exception) -> Exception:
    """An error as it can travel between processes; some cannot be copied."""
    try:
        pickle.loads(pickle.dumps(problem))  # nosec B301 # see above
    except Exception:
        return RuntimeError(f"{type(problem).__name__} ({problem})")
    return problem


def _keep_freed_memory() -> None:
    """Let the C library keep what an image has freed for the next one.

    By default this process gave back and asked for the same pages again and again: 27,000 page faults an image, 40 ms.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, KEPT)


def _give_freed_memory_back() -> None:
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def _end_with_parent() -> None:
    """Let the system end this process together with its parent, whatever it is doing then.

    The parent holds the other end of a pipe. When that closes, the system sends SIGIO, which ends a process that has
    not asked for it. `PR_SET_PDEATHSIG` would end it with the thread that started it.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    pipe = int(parent.sentinel)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if wait([pipe], timeout=0):
        os._exit(1)
