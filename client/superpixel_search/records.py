"""What the site tells of a thing, with attributes named as there."""

from __future__ import annotations

from typing import Any


class Record:
    """What the site tells of a thing: each field is an attribute; `told` is all of it, as a dict.

    Fields that a later version of the site adds are there at once.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    def __getattr__(self, name: str) -> Any:
        told = self.__dict__.get("told", {})
        if name in told:
            return told[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.told})
