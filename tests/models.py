"""Which model the `meaning` space of a test has."""

from __future__ import annotations

from typing import Any


def use(settings: Any, model: dict[str, str]) -> None:
    """Switch the space on, with one of the `tiny_models`, say."""
    settings.MEANING_ENABLED = True
    for name, value in model.items():
        setattr(settings, name, value)
