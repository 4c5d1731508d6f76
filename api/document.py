"""The document about the interface, OpenAPI 3.1: what Ninja knows, and what all operations have in common."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from api.auth import Token
from api.examples import ANSWERS, BODIES
from api.idempotency import HEADER, is_once
from api.problem_details import CONTENT_TYPE, sentence_of_status

Document = dict[str, Any]

PROBLEM = {"$ref": "#/components/schemas/Problem"}
ANYWHERE = (400, 429, 500, 503)
WITH_ACCOUNT, WITH_BODY, WITH_KEY, WITH_PATH = (401, 403), (413, 415, 422), (409, 422), (404,)
IF_NONE_MATCH = "What you have already, by its ETag: it is not sent again."
IF_MATCH = "The ETag of what you have read: nothing is done, with 412, when it has changed since."
KEY = "Any text of your own: sent twice with one key, a request is answered once, for a day, and nothing is done twice."
RATES = {
    "RateLimit-Limit": "How many requests you may send in a minute.",
    "RateLimit-Remaining": "How many are left.",
    "RateLimit-Reset": "In how many seconds the next minute begins.",
}


class Interface(NinjaAPI):
    """Ninja's interface, whose document tells all answers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.operations: dict[str, Operation] = {}

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """A short name, unlike that of all others: "photos_rename"."""
        name = f"{(operation.tags or ['api'])[0]}_{operation.view_func.__name__}"
        self.operations[name] = operation
        return name

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """The document."""
        document = super().get_openapi_schema(*args, **kwargs)
        document["components"]["securitySchemes"]["Token"]["description"] = "Made on the page of your account."
        for method, path, told in operations_in(document):
            _complete(method, path, told, self.operations[told["operationId"]])
        return document


def operations_in(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Each operation with its method and path."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield method, path, told


def _complete(method: str, path: str, told: Document, operation: Operation) -> None:
    key = is_once(operation.view_func)
    answers = told["responses"]
    for status in _refusals(told, path, has_key=key):
        answers.setdefault(status, {"description": HTTPStatus(status).phrase})
    if method == "get":
        answers[304] = {"description": "You have it already."}
        _add_header(told, "If-None-Match", IF_NONE_MATCH)
    if 412 in answers:
        _add_header(told, "If-Match", IF_MATCH)
    if key:
        _add_header(told, HEADER, KEY)
    for status, answer in answers.items():
        if status >= 400:
            example = {"title": HTTPStatus(status).phrase, "status": status, "detail": sentence_of_status(status)}
            answer["content"] = {CONTENT_TYPE: {"schema": PROBLEM, "example": example}}
        for content in answer.get("content", {}).values():
            schema = content["schema"].get("$ref", "").rpartition("/")[2]
            if schema in ANSWERS:
                content["example"] = ANSWERS[schema]
        answer["headers"] = {name: _header(text) for name, text in RATES.items()}
    told["responses"] = dict(sorted(answers.items()))
    _tell_scopes(told, operation)
    for content in told.get("requestBody", {}).get("content", {}).values():
        if told["operationId"] in BODIES:
            content["example"] = BODIES[told["operationId"]]


def _refusals(told: Document, path: str, *, has_key: bool) -> list[int]:
    found = [*ANYWHERE]
    found += WITH_ACCOUNT if "security" in told else ()
    found += WITH_BODY if "requestBody" in told else ()
    found += WITH_KEY if has_key else ()
    found += WITH_PATH if "{" in path else ()
    return found


def _tell_scopes(told: Document, operation: Operation) -> None:
    scopes = [scope for auth in operation.auth_callbacks if isinstance(auth, Token) for scope in auth.scopes]
    if scopes:
        told["description"] = f"{told.get('description', '')}\n\nScope of the token: {' or '.join(scopes)}.".strip()


def _add_header(told: Document, name: str, text: str) -> None:
    told["parameters"].append({"in": "header", "name": name, "required": False, "description": text, **_header()})


def _header(text: str = "") -> Document:
    return {"description": text, "schema": {"type": "string"}} if text else {"schema": {"type": "string"}}
