"""How far something is, where tqdm is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Row = TypeVar("Row")


def shown(rows: Sequence[Row], what: str, is_shown: bool = True) -> Iterable[Row]:
    """The same rows, with a bar that grows while they are taken."""
    if not is_shown or len(rows) < 2:
        return rows
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return rows
    return tqdm(rows, desc=what, leave=False)
