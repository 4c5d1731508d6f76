"""What htmx adds to a request, and what it asks of an answer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that has passed `HtmxMiddleware`."""

    htmx: HtmxDetails


def wants_partial(request: HtmxHttpRequest) -> bool:
    """Whether the answer is swapped into a page that is open already; else it must be a page of its own.

    htmx asks for a whole page when it restores history that it no longer remembers, and for a boosted link.
    """
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


class VaryOnHtmxMiddleware:
    """Says of each page and partial that it depends on who asks.

    A view may answer htmx with a partial: no cache may hand that to a browser, or a page to htmx.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request"])
        return response
