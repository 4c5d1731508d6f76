"""Around every request: its number, its line in the log, and its place in the figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from superpixel_site.watching import figures, logs
from superpixel_site.watching.request_ids import begin_request, end_request
from superpixel_site.watching.routes import method_of, route_of

access = logging.getLogger(logs.ACCESS)
# Asked by supervisors and proxies: by address instead of a name, and without HTTPS.
BY_ADDRESS = ("/healthz", "/readyz", "/metrics")


class WatchingMiddleware:
    """The outermost: what any other middleware answers is seen as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.counts = figures.Requests() if settings.METRICS_TOKEN else None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        number = begin_request(request)
        # Of an exception that passes by here the server writes: the request stays current, so that it says none of it.
        response = self.get_response(request)
        response["X-Request-ID"] = number
        self.note(request, response, time.perf_counter() - started)
        end_request()
        return response

    def note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        method, route, status = method_of(request), route_of(request), response.status_code
        access.info(
            "%s %s %s %.0f ms",
            *(method, route, status, 1000 * seconds),
            extra={
                **{"method": method, "route": route, "status": status},
                **{"milliseconds": round(1000 * seconds, 1), "bytes": size_of(response)},
            },
        )
        if self.counts:
            self.counts.note(method, route, status, seconds)


def size_of(response: HttpResponseBase) -> int | None:
    """Bytes of the answer; None where they come piece by piece."""
    given = response.get("Content-Length", "")
    if given.isdigit():
        return int(given)
    return None if response.streaming else len(getattr(response, "content", b""))


class ByAddressMiddleware:
    """Answers what is asked by address: before the middleware that wants HTTPS and one of the site's own names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in BY_ADDRESS:
            return self.get_response(request)
        try:
            match = request.resolver_match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer
