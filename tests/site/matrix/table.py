"""`table.txt`: what each person gets at each address, by method. People read it; the tests hold the site to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tests.site.matrix.addresses import METHODS
from tests.site.matrix.world import PEOPLE

FILE = Path(__file__).with_name("table.txt")
# Address, whose thing it names ("-" for none), and method.
Key = tuple[str, str, str]
Statuses = tuple[str, ...]


def read() -> dict[Key, Statuses]:
    """All rows, each method by itself."""
    rows: dict[Key, Statuses] = {}
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        address, whose, methods, *statuses = line.split()
        if len(statuses) == 1:
            statuses *= len(PEOPLE)
        assert len(statuses) == len(PEOPLE), f"{FILE.name}, line {number}: one status, or {len(PEOPLE)}"
        for method in methods.split(","):
            key = (address, whose, method)
            assert method in METHODS and key not in rows, f"{FILE.name}, line {number}: {method} is wrong or twice"
            rows[key] = tuple(statuses)
    return rows


def write(rows: dict[Key, Statuses]) -> Iterator[str]:
    """Lines as the file has them: methods that are answered alike are in one."""
    for (address, whose), group in groupby(rows.items(), key=lambda row: row[0][:2]):
        alike: dict[Statuses, list[str]] = {}
        for (_, _, method), statuses in group:
            alike.setdefault(statuses, []).append(method)
        for statuses, methods in alike.items():
            yield line(address, whose, methods, statuses)


def line(address: str, whose: str, methods: Iterable[str], statuses: Statuses) -> str:
    """One row; a single status stands for everybody."""
    shown = statuses[:1] if len(set(statuses)) == 1 else statuses
    return f"{address:<60} {whose:<8} {','.join(methods):<38} {' '.join(f'{s:>6}' for s in shown)}"
