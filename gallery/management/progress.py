"""Progress bars of the commands, and numbers in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from tqdm import tqdm

# Only one process writes bars. By default they have a lock between processes as well, which a child process that is
# killed leaves behind in the system, with a warning.
tqdm.set_lock(RLock())


def bar(total: int, what: str) -> tqdm[Any]:
    """A progress bar, on terminals only."""
    return tqdm(total=total, unit=what, desc="", disable=None, dynamic_ncols=True)


def download_bar() -> tuple[tqdm[Any], Callable[[int, int | None], None]]:
    """A progress bar in bytes, and the function that moves it: by bytes so far, and bytes in all where known."""
    progress: tqdm[Any] = tqdm(unit="B", unit_scale=True, desc="Weights", disable=None, dynamic_ncols=True)

    def move(done: int, total: int | None) -> None:
        progress.total = total
        progress.update(done - progress.n)

    return progress, move


def index_bar(of_what: str) -> tuple[tqdm[Any], Callable[[str, int, int], None]]:
    """A progress bar in regions, and the function that moves it: by what is done, regions so far, regions in all."""
    progress: tqdm[Any] = tqdm(unit=" regions", unit_scale=True, desc=of_what, disable=None, dynamic_ncols=True)

    def move(phase: str, done: int, total: int) -> None:
        progress.total = total
        progress.set_postfix_str(phase.rpartition(": ")[2], refresh=False)
        progress.update(done - progress.n)

    return progress, move


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 image`, `2 images`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def size(n_bytes: int) -> str:
    """`1.5 GB`: a size as people read it."""
    power = min(4, max(0, (len(str(n_bytes)) - 1) // 3))
    unit = ("bytes", "kB", "MB", "GB", "TB")[power]
    return f"{n_bytes / 1000**power:.3g} {unit}"


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """One bar after the other, and the function that moves them: by its name, what is done, and the total."""
    shown: dict[str, tqdm[Any]] = {}

    def move(what: str, done: int, total: int) -> None:
        if what not in shown:
            close()
            shown[what] = bar(total, f" {what}")
        shown[what].total = total
        shown[what].update(done - shown[what].n)

    def close() -> None:
        for progress in shown.values():
            progress.close()
        shown.clear()

    try:
        yield move
    finally:
        close()
