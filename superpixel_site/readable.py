"""Refusing, with the page for 400, requests that hold what no form and no database can read.

Forms check what they know. This is about the rest: cookies, addresses, the way a body is encoded, and what only the
database finds out. Without it each is an error of the server.
"""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from superpixel_site.watching.routes import method_of, route_of

logger = logging.getLogger(__name__)

# Browsers send forms in the encoding of the page, which is UTF-8 everywhere here.
ENCODINGS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})


class ReadableInputMiddleware:
    """Refuses NUL characters outside of forms, unknown encodings, and values that the database cannot store."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if reason := why_unreadable(request):
            return refused(reason, request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what the database calls a bad value as what it is: a fault of the request, not of the server."""
        if not isinstance(exception, DataError):
            return None
        # Its sentence would tell the value.
        return refused(f"The database refuses a value ({type(exception.__cause__).__name__}).", request)


def refused(reason: str, request: HttpRequest) -> HttpResponse:
    """The page for 400; the reason is for those who run the site."""
    logger.info("%s %s: %s", method_of(request), route_of(request), reason)
    return bad_request(request, BadRequest(reason))


def why_unreadable(request: HttpRequest) -> str:
    """What about a request cannot be read; empty when it can."""
    if not is_known(request.content_params.get("charset") if request.content_params else None):
        return "Unknown encoding of the body."
    texts = [request.path, *request.COOKIES.values(), *request.GET]
    texts += [value for values in request.GET.lists() for value in values[1]]
    return "A NUL character outside of a form." if any("\0" in text for text in texts) else ""


def is_known(charset: str | None) -> bool:
    """Whether a body in this encoding can be read."""
    try:
        return charset is None or codecs.lookup(charset).name in ENCODINGS
    except (LookupError, ValueError):  # A name with a NUL in it is a ValueError.
        return False
