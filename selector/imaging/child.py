"""A function run in a child process that is really ended when it takes too much memory or time.

Nothing inside a process can stop a decoder written in C, and the memory that decoders leave scattered in a heap comes
back when a process ends, not before. So files from strangers are decoded in a child. A server process that has imported
what they need forks the children (`multiprocessing`'s fork server): one costs milliseconds, and inherits nothing of
the threads, locks and connections of the process that asks.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle  # nosec B403 # between our own processes
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from selector.imaging.containers import InvalidImage

Result = TypeVar("Result")

# How long until it is noticed that nobody waits any more, in seconds.
NOTICED_WITHIN = 0.2
# Clicks come before pictures that are read.
NICENESS = 5
# The path of a Unix socket has at most 107 bytes; `multiprocessing` adds two names of its own.
LONGEST_FOLDER = 60
_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX = -8

TOO_MUCH_MEMORY = (
    "This picture takes more memory to read than is allowed here. Save it as a plain JPEG and upload that."
)
TOO_MUCH_TIME = "This picture takes more time to read than is allowed here. Save it as a plain JPEG and upload that."
CRASHED = "The file is damaged and cannot be read as a picture."

_context = multiprocessing.get_context("forkserver")
# `multiprocessing` looks after all children whenever one starts, and two threads must not do so at once.
_bookkeeping = Lock()


class OutOfTime(InvalidImage):
    """A child has taken all its time by the clock: by its own fault, or because others wanted the processor too."""

    def __init__(self) -> None:
        super().__init__(TOO_MUCH_TIME)


class ChildFailed(RuntimeError):
    """No child could be started, or it ended for a reason that is not in the picture."""


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Attributes
    ----------
    memory : int
        In bytes, beyond what a child has at its start.
    seconds : int
        Of processor time.
    clock_seconds : float
        From the moment that a child is asked for, whatever it does meanwhile.
    """

    memory: int
    seconds: int
    clock_seconds: float


def preload(*modules: str) -> None:
    """Name modules that children need: they are imported once, when the first child starts."""
    _context.set_forkserver_preload(list(modules))


def in_child(
    function: Callable[..., Result], *arguments: Any, limits: Limits, stop: Callable[[], None] = lambda: None
) -> Result:
    """The result of a function, computed in a child process within limits.

    Parameters
    ----------
    function : callable
        Of a module without Django; it, its arguments and its result are pickled.
    *arguments : Any
    limits : Limits
    stop : callable, optional
        Called first and several times a second; what it raises ends the child, and is raised here.

    Returns
    -------
    Any

    Raises
    ------
    InvalidImage
        From the function, or with a sentence of its own when the child ends by a limit or by a fault of a decoder.
    OutOfTime
        When its time by the clock has passed.
    ChildFailed
        If no child can be started.
    """
    stop()
    end = time.monotonic() + limits.clock_seconds
    ours, theirs = _context.Pipe(duplex=False)
    with ours, _child(theirs, limits, function, arguments) as child:
        while not wait([ours, child.sentinel], NOTICED_WITHIN):
            stop()
            if time.monotonic() >= end:
                raise OutOfTime
        answer: Result = _answer(ours, child)
        return answer


@contextmanager
def _child(answer: Connection, *job: Any) -> Iterator[ForkServerProcess]:
    """A child at work, which sends its answer to a connection; killed at the end, if it still runs."""
    child = _context.Process(target=_serve, args=(answer, *job), daemon=True)
    try:
        with answer, _bookkeeping:
            _shorten_folder()
            child.start()
    except (OSError, EOFError) as problem:
        raise ChildFailed(f"The process that reads pictures cannot be started: {problem}") from problem
    try:
        yield child
    finally:
        with _bookkeeping:
            child.kill()
            child.join()
            child.close()


def _shorten_folder() -> None:
    """Have `multiprocessing` put its sockets elsewhere where the temporary folder's path is too long for them."""
    config: dict[str, Any] = multiprocessing.process.current_process()._config  # type: ignore[attr-defined]
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_FOLDER and "tempdir" not in config:
        folder = tempfile.mkdtemp(prefix="pymp-", dir="/tmp")  # nosec B108 # mkdtemp makes it private
        util.Finalize(None, shutil.rmtree, (folder, True), exitpriority=-100)
        config["tempdir"] = folder


def _answer(connection: Connection, child: ForkServerProcess) -> Any:
    """What a child has sent; raises what it says, or what its end means."""
    try:
        result, problem = _received(connection)
    except EOFError:
        with _bookkeeping:
            child.join()
            raise _meaning_of(child.exitcode) from None
    if problem is not None:
        raise problem
    return result


def _sent(connection: Connection, answer: Any) -> None:
    """Send what `_received` receives: arrays by themselves, without a copy on either side."""
    buffers: list[pickle.PickleBuffer] = []
    told = pickle.dumps(answer, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    connection.send((told, [array.nbytes for array in arrays]))
    for array in arrays:
        connection.send_bytes(array)


def _received(connection: Connection) -> Any:
    told, sizes = connection.recv()
    arrays = [bytearray(size) for size in sizes]
    for array in arrays:
        connection.recv_bytes_into(array)
    return pickle.loads(told, buffers=arrays)  # nosec B301 # from our own child


def _meaning_of(exit_code: int | None) -> Exception:
    """Why a child ended without an answer."""
    if exit_code == -signal.SIGALRM:
        return OutOfTime()
    if exit_code == -signal.SIGXCPU:
        return InvalidImage(TOO_MUCH_TIME)
    if exit_code == -signal.SIGKILL:  # The system does that when memory runs out.
        return InvalidImage(TOO_MUCH_MEMORY)
    if exit_code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGILL):
        return InvalidImage(CRASHED)
    return ChildFailed(f"The process that reads pictures ended with {exit_code} and no answer.")


def _serve(answer: Connection, limits: Limits, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the child: call a function, and send its result or what went wrong."""
    _confine(limits)
    result: Any = None
    problem: Exception | None = None
    try:
        result = function(*arguments)
    except MemoryError:
        problem = InvalidImage(TOO_MUCH_MEMORY)
    except Exception as error:
        problem = error
    _sent(answer, (result, problem))


def _confine(limits: Limits) -> None:
    """Limit the process that calls this."""
    os.nice(NICENESS)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # Each thread of a decoder would reserve 64 MB of address space more, which counts.
        libc.mallopt(_M_ARENA_MAX, 1)
        allowed = _address_space() + limits.memory
        # The second limit stays: `selector.imaging.mapped` may raise the first by what lies in a file.
        resource.setrlimit(resource.RLIMIT_AS, (allowed, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    # By their default action: a handler of Python's would wait for the decoder to return.
    for ends in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(ends, signal.SIG_DFL)
    # libtiff tells there what it finds in files, which may be anything.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # Whether or not the process that asks is there to end it.
    signal.setitimer(signal.ITIMER_REAL, limits.clock_seconds)
    # Ctrl-C is for the process that asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _address_space() -> int:
    """Of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
