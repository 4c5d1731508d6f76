"""What workers do every few seconds beside their jobs, for apps above."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

_steps: list[Callable[[], object]] = []


def add(*steps: Callable[[], object]) -> None:
    """Do more in each round; adding the same twice does it once."""
    _steps.extend(step for step in steps if step not in _steps)


def go_round() -> None:
    """Do all of it once; what fails keeps nothing else from being done."""
    for step in _steps:
        try:
            step()
        except Exception:
            logger.exception("A step of housekeeping failed; it is tried again.")
