"""Where a request comes from."""

from __future__ import annotations

from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The network address of whoever sent a request, as far as the site can tell: behind a proxy the proxy's."""
    return str(request.META.get("REMOTE_ADDR", ""))
