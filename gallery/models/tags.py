"""Tags: two that look the same are one, whichever system they were typed on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

# Its own class for managers, which `TaggableManager` takes another one in place of.
from taggit.managers import _TaggableManager


def normalised(name: str) -> str:
    """A tag in Unicode's composed form, with each stretch of white space as one space.

    Examples
    --------
    >>> normalised(" cafe\\u0301  noir ")
    'café noir'
    """
    return " ".join(unicodedata.normalize("NFC", name).split())


class NormalisedTags(_TaggableManager):  # type: ignore[misc]  # taggit has no types
    """The tags of an image: whatever adds some, by name, adds them in one form."""

    def _to_tag_model_instances(self, tags: Iterable[Any], tag_kwargs: dict[str, Any]) -> list[Any]:
        whole = [normalised(tag) if isinstance(tag, str) else tag for tag in tags]
        found: list[Any] = super()._to_tag_model_instances([tag for tag in whole if tag], tag_kwargs)
        return found

    def named(self, names: Iterable[str]) -> list[Any]:
        """The tags of these names; those that there are not yet are made."""
        return self._to_tag_model_instances(names, {})
