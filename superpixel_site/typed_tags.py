"""Tags as people type them, separated by commas: settings name these two for all forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from taggit.utils import _parse_tags


def tags_of(text: str) -> list[str]:
    """The tags in a text, in the order of their letters.

    By itself taggit takes a text without a comma for single words, so that "gift of 2026" would be three tags.

    Examples
    --------
    >>> tags_of("gift of 2026")
    ['gift of 2026']
    >>> tags_of('harbour, "Lyon, France"')
    ['Lyon, France', 'harbour']
    """
    tags: list[str] = _parse_tags(f"{text},") if text else []
    return tags


def text_of(tags: Iterable[Any]) -> str:
    """What is to be typed for tags: those with a comma in quotes."""
    names = sorted(tag.name for tag in tags)
    return ", ".join(f'"{name}"' if "," in name else name for name in names)
