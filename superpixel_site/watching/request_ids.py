"""A number for each request: in its answer, on its error page and in every line of the log that it causes."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

from django.http import HttpRequest

# What a proxy or a client may give; anything else could forge lines of the log.
SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")
ATTRIBUTE = "request_id"
_current: ContextVar[str] = ContextVar("request_id", default="")
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def begin_request(request: HttpRequest) -> str:
    """The request's own number if it brings a sane one, else a new one; current from here on."""
    given = request.headers.get("X-Request-ID", "")
    number = given if SANE.fullmatch(given) else uuid.uuid4().hex
    _current.set(number)
    _request.set(request)
    # Django writes of a refused request when all middleware is through with it.
    setattr(request, ATTRIBUTE, number)
    return number


def request_id_of(request: HttpRequest) -> str:
    """The number that a request was given; empty before."""
    return getattr(request, ATTRIBUTE, "")


def current_request_id() -> str:
    """The number of the request that this thread answers; empty outside of one."""
    return _current.get()


def current_request() -> HttpRequest | None:
    """The request that this thread answers; None outside of one."""
    return _request.get()


def end_request() -> None:
    """No request is answered any more."""
    _current.set("")
    _request.set(None)
