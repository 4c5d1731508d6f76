"""Requests that may be sent twice: the second gets the answer of the first, and nothing is done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from superpixel_site.refusals import Refusal

HEADER = "Idempotency-Key"
A_DAY = 24 * 3600
LONGEST = 200
MARK = "is_answered_once"
# What stands in the place of an answer until there is one, for as long as a request can take.
UNDER_WAY = "under way"
A_REQUEST = 120
TOO_LONG = f"{HEADER}: At most {LONGEST} letters."


class StillUnderWay(Refusal):
    """The same request is being answered this moment."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__("The same request is being answered. Ask again in a moment for what becomes of it.", 409, "")


def once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a function answer a request with an `Idempotency-Key` of the same account once a day."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        if not given:
            return view(request, *args, **kwargs)
        if len(given) > LONGEST:
            raise Refusal(TOO_LONG, 422, "")
        key = _key(request, given)
        if not cache.add(key, UNDER_WAY, A_REQUEST):
            return _again(cache.get(key))
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            # Nothing was done: the next one may try.
            cache.delete(key)
            raise
        cache.set(key, (response.status_code, response.content, dict(response.items())), A_DAY)
        return response

    setattr(answered, MARK, True)
    return answered


def is_once(view: Callable[..., Any]) -> bool:
    """Whether a function takes an `Idempotency-Key`."""
    return getattr(view, MARK, False)


def _key(request: HttpRequest, given: str) -> str:
    asked = f"{request.user.pk} {request.method} {request.path} {given}"
    return f"idempotency:{hashlib.sha256(asked.encode()).hexdigest()}"


def _again(stored: Any) -> HttpResponse:
    if stored is None or stored == UNDER_WAY:
        raise StillUnderWay
    status, content, headers = stored
    return HttpResponse(content, status=status, headers={**headers, "Idempotent-Replayed": "true"})
