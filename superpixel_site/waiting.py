"""Whether somebody still waits for the answer to the request that is being worked on.

A browser that is closed, or a page that is left, takes its request back; only the web server notices. What takes long
asks here between its steps, and gives up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

# What waitress calls its function that tells; without it, somebody always waits.
DISCONNECTED = "waitress.client_disconnected"

_is_gone: ContextVar[Callable[[], bool]] = ContextVar("is_gone", default=lambda: False)


class NobodyWaits(Exception):
    """The request was taken back: its work is given up, and there is nobody to answer."""


def nobody_waits() -> bool:
    """Whether the request that is being worked on was taken back; never outside of requests."""
    return _is_gone.get()()


def give_up_if_nobody_waits() -> None:
    """Raise `NobodyWaits`, which ends the work on a request, if it was taken back."""
    if nobody_waits():
        raise NobodyWaits


class WaitingMiddleware:
    """Lets all code know whether its request was taken back, and answers what was given up with nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _is_gone.set(request.META.get(DISCONNECTED, _is_gone.get()))
        try:
            return self.get_response(request)
        finally:
            _is_gone.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NobodyWaits):
            return HttpResponse(status=499, reason="Client Closed Request")
        return None
