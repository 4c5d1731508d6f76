"""The answer to a request that failed: what is passing is a 503 with a sentence, what is a fault of ours a 500.

It is asked for by Django wherever an exception ends, in a middleware as in a view, and needs no database.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from superpixel_site.database_problems import is_cancelled, is_unreachable
from superpixel_site.watching.request_ids import current_request_id

TOO_LONG = "That took too long, and was given up. Try again in a moment, or ask for less."
UNREACHABLE = "The database cannot be reached just now. Nothing is lost: try again in a few seconds."
SECONDS_TO_WAIT = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, called while the exception is handled."""
    sentence = passing_problem(sys.exc_info()[1])
    if sentence is None:
        # Without a request, which could ask the session, and so the database.
        return HttpResponse(render_to_string("500.html", {"request_id": current_request_id()}), status=500)
    return unavailable(request, sentence)


def unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    """A 503 that says so in a sentence: in place for htmx, else on a page that reads nothing from the database."""
    template = "_status.html" if request.headers.get("HX-Request") else "503.html"
    context = {"message": sentence, "level": "error", "request_id": current_request_id()}
    response = HttpResponse(render_to_string(template, context), status=503)
    response.headers["Retry-After"] = str(SECONDS_TO_WAIT)
    add_never_cache_headers(response)
    return response


def passing_problem(problem: BaseException | None) -> str | None:
    """What to say of an exception that will not come again; None for all others."""
    if is_cancelled(problem):
        return TOO_LONG
    return UNREACHABLE if is_unreachable(problem) else None
