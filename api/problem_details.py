"""Problem details, RFC 9457: the answer that says in one sentence why a request was refused."""

from __future__ import annotations

import json
from http import HTTPStatus

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
WHO = "Send a token that is good, as `Authorization: Bearer …`. You make one on the page of your account."
OTHER_TYPE = "Send JSON, as Content-Type: application/json."
TOO_LONG = "That is more than a request may hold."
NOT_THERE = "There is nothing at this address that you may see."
SENTENCES = {
    400: "There is something in this request that cannot be read.",
    403: "This request was not sent by a page of this site. Send a token instead of a session.",
    404: NOT_THERE,
    405: "This address does not take this method.",
    413: TOO_LONG,
    500: "Something went wrong here. It is noted; try something else.",
    503: "The site cannot answer just now. Try again in a few seconds.",
    507: "The site has no room left for files just now. Nothing was stored; try again later.",
}


def problem(status: int, detail: str, retry_after: int = 0) -> HttpResponse:
    """An answer that says in one sentence why a request was refused."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def sentence_of_status(status: int) -> str:
    """What to say where nothing more is known than the status of an answer."""
    return SENTENCES.get(status, HTTPStatus(status).description or HTTPStatus(status).phrase)
