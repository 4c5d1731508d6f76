"""Answers: JSON with an ETag, what programs have already, and the statuses that a document tells."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import Schema

from api.problems import Problem
from superpixel_site.responses import ASKED_AGAIN

JSON = "application/json"


def told(request: HttpRequest, body: Schema, status: int = 200, *, etag: str = "", location: str = "") -> HttpResponse:
    """An answer that tells something, or 304 to a program that has it.

    Parameters
    ----------
    request : HttpRequest
    body : Schema
    status : int, optional
    etag : str, optional
        A hash of what is told by default.
    location : str, optional
        The address of what was made.
    """
    response = sent(request, body.model_dump_json().encode(), JSON, etag=etag, status=status)
    if location:
        response.headers["Location"] = location
    return response


def sent(request: HttpRequest, content: bytes, content_type: str, *, etag: str = "", status: int = 200) -> HttpResponse:
    """The same of a picture or anything else."""
    quoted = f'"{etag or hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type=content_type, status=status)
    if request.method == "GET":
        response = get_conditional_response(request, etag=quoted, response=response) or response
    response.headers["ETag"] = quoted
    response.headers["Cache-Control"] = ASKED_AGAIN
    return response


def answers(what: Any, *refusals: int, status: int = 200) -> dict[Any, Any]:
    """What a function may answer, for the document, which adds the refusals that are possible everywhere."""
    return {status: what, tuple(sorted({401, 403, *refusals})): Problem}


def expected_etags(request: HttpRequest) -> list[str] | None:
    """The ETags of `If-Match`, without quotes; None where anything is as good."""
    given = request.headers.get("If-Match", "*")
    if given.strip() == "*":
        return None
    return [part.strip().removeprefix("W/").strip('"') for part in given.split(",")]
