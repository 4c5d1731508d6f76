"""What the machine, or the container that the site runs in, has to give."""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """The memory of the machine, or less if a control group allows less, in bytes."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(limit for path in _LIMITS if (limit := _number_in(Path(path))))])


def _number_in(file: Path) -> int:
    """The number in a file; 0 if there is none, or no such file."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
