"""Around every request of a program: what other sites may read, what is left of a minute, and problems as JSON."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from api import limits
from api.problem_details import CONTENT_TYPE, problem, sentence_of_status

BEGINNING = "/api/v1/"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT_HEADERS = "Authorization, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key"
READ_HEADERS = "ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Idempotent-Replayed"
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
AN_HOUR = 3600


class ProgramsMiddleware:
    """What answers to programs have in common, whoever answers: a view, Django, or another middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(BEGINNING):
            return self.get_response(request)
        if request.method == "OPTIONS" and _may_read(request) and "Access-Control-Request-Method" in request.headers:
            return _let_read(request, _asked_before())
        response = self._answer(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != CONTENT_TYPE:
            response = _as_problem(response)
        limits.tell(request, response)
        return _let_read(request, response) if settings.API_ORIGINS else response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        """HEAD is answered like GET, whose body the server leaves out."""
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = self.get_response(request)
        if is_head:
            request.method = "HEAD"
        return response


def _as_problem(page: HttpResponse) -> HttpResponse:
    """What a page for people says, for a program."""
    response = problem(page.status_code, sentence_of_status(page.status_code))
    for name in KEPT_HEADERS:
        if name in page.headers:
            response.headers[name] = page.headers[name]
    return response


def _may_read(request: HttpRequest) -> bool:
    return request.headers.get("Origin", "") in settings.API_ORIGINS


def _asked_before() -> HttpResponse:
    """The answer to a browser that asks what a page of another site may send."""
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": SENT_HEADERS,
            "Access-Control-Max-Age": str(AN_HOUR),
        },
    )


def _let_read(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let pages of the sites that are named read an answer. Cookies are none of theirs: they need a token."""
    patch_vary_headers(response, ["Origin"])
    if _may_read(request):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = READ_HEADERS
    return response
