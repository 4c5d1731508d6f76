"""What a request asked for, without what it named: addresses hold tokens, ids and words that nobody else may read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as ``photos/<uuid:photo_id>/``; a word in brackets where there is none."""
    if request.resolver_match:
        return request.resolver_match.route or "/"
    return "(static)" if request.path.startswith(str(settings.STATIC_URL)) else "(none)"


def method_of(request: HttpRequest) -> str:
    """The method; a client may make up any word."""
    return request.method if request.method in METHODS else "(other)"
