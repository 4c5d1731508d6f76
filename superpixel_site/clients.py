"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The network address of whoever sent a request, as far as the site can tell.

    Of what `X-Forwarded-For` says, only what our own proxies have added is believed: the rest anybody may write.
    """
    said = [address.strip() for address in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.PROXIES <= len(said) and said[-settings.PROXIES]:
        return said[-settings.PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))
