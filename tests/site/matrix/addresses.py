"""Every address of the site, as its URLconf has them: the admin's and allauth's as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Address:
    """`name` is how the table calls it, such as "/photos/<photo_id>/"."""

    name: str
    parameters: tuple[str, ...]

    def path(self, values: dict[str, str]) -> str:
        """The path with these values of its parameters."""
        return re.sub(r"<(\w+)>", lambda found: values[found[1]], self.name)


def all_addresses() -> list[Address]:
    """In the order of the URLconf."""
    return list(_walk(get_resolver().url_patterns, "/"))


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[Address]:
    for pattern in patterns:
        [(text, _)] = normalize(pattern.pattern.regex.pattern)
        name = before + re.sub(r"%\((\w+)\)s", r"<\1>", text)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, name)
        else:
            yield Address(name, tuple(re.findall(r"<(\w+)>", name)))
