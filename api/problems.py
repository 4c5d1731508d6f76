"""Refusals as programs read them: problem details, RFC 9457, with the sentences that people get."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from api.problem_details import NOT_THERE, OTHER_TYPE, TOO_LONG, WHO, problem
from selector.imaging.containers import InvalidImage
from superpixel_site.refusals import MISSING_FILE, Refusal
from superpixel_site.stored_files import MissingFile


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    title: str
    status: int
    detail: str


def sentence_about(errors: list[dict[str, Any]]) -> str:
    """What is wrong with the first field that is wrong: "n_segments: Input should be greater than 0." """
    first = errors[0]
    if first["type"] == "value_error":
        # A sentence of ours.
        return str(first["msg"]).removeprefix("Value error, ")
    # The first part says whether it came in the body or the address, and some follow of ours, not of who sent it.
    field = ".".join(str(part) for part in first["loc"][-1:])
    return f"{field}: {first['msg']}." if field else f"{first['msg']}."


def connect(api: NinjaAPI) -> None:
    """Have an interface answer all that its functions raise by problem details."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, exc: Refusal) -> HttpResponse:
        return problem(exc.status, str(exc), exc.retry_after)

    @api.exception_handler(InvalidImage)
    def unreadable(request: HttpRequest, exc: InvalidImage) -> HttpResponse:
        return problem(422, str(exc))

    @api.exception_handler(MissingFile)
    def lost(request: HttpRequest, exc: MissingFile) -> HttpResponse:
        return problem(410, MISSING_FILE)

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, exc: Http404) -> HttpResponse:
        return problem(404, NOT_THERE)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        return problem(422, sentence_about(exc.errors))

    @api.exception_handler(AuthenticationError)
    def nobody(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
        response = problem(401, WHO)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(RequestDataTooBig)
    def too_long(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
        return problem(413, TOO_LONG)

    @api.exception_handler(RawPostDataException)
    def no_json(request: HttpRequest, exc: RawPostDataException) -> HttpResponse:
        return problem(415, OTHER_TYPE)

    @api.exception_handler(HttpError)
    def wrong(request: HttpRequest, exc: HttpError) -> HttpResponse:
        # Ninja hides what its parser of bodies raises.
        refusal = exc.__cause__
        return refused(request, refusal) if isinstance(refusal, Refusal) else problem(exc.status_code, str(exc))
