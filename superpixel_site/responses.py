"""Answers that views of every app give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response

from superpixel_site.htmx import HtmxHttpRequest, wants_partial

NOT_KEPT = "private, no-store"
FOR_A_YEAR = f"private, max-age={365 * 24 * 3600}, immutable"
ASKED_AGAIN = "private, no-cache"
# For addresses that name their content: whoever has what was there once has what is there.
SAME_AS_EVER = '"as-named"'


def kept(request: HttpRequest, make: Callable[[], HttpResponse], *, is_public: bool) -> HttpResponseBase:
    """An answer whose address names its content, so that browsers may keep it.

    They never ask again for what everybody may see. For what is private they ask each time, so that nothing is shown
    to the next person at a computer; whoever may still see it is answered with 304, and nothing is computed.
    """
    response = get_conditional_response(request, etag=SAME_AS_EVER) or make()
    response.headers["ETag"] = SAME_AS_EVER
    response.headers["Cache-Control"] = FOR_A_YEAR if is_public else ASKED_AGAIN
    return response


def only_to_save(response: HttpResponseBase) -> HttpResponseBase:
    """An answer for a file that somebody else has made: opened in the browser all the same, it can do nothing."""
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = NOT_KEPT
    return response


def redirect_to(request: HtmxHttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, with or without htmx."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def render_partial_or_page(request: HtmxHttpRequest, partial: str, page: str, context: dict[str, Any]) -> HttpResponse:
    """The partial for htmx, the page around it for a browser; the context tells which by `is_partial`."""
    is_partial = wants_partial(request)
    return render(request, partial if is_partial else page, {**context, "is_partial": is_partial})
