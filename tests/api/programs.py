"""A program with a token, as tests use one."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import ApiToken

V1 = "/api/v1"


def bearer(user: User, *scopes: str, days: int | None = None) -> dict[str, str]:
    """The headers of a program that has a token of an account."""
    return {"Authorization": f"Bearer {ApiToken.objects.make(user, 'a test', list(scopes), days)[1]}"}


def detail(answer: Any) -> str:
    """The sentence of a refusal."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    return str(answer.json()["detail"])


class Program:
    """A program with a token of an account that may do all that the account may, if nothing else is said."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.client = Client()
        self.headers = bearer(user, *(scopes or ("read", "write", "curate")))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a request; a body goes as JSON, or with GET behind the address."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        call = getattr(self.client, method.lower())
        if method == "GET":
            answer = call(V1 + path, body or {}, headers={**self.headers, **sent})
        else:
            answer = call(V1 + path, body, content_type="application/json", headers={**self.headers, **sent})
        assert_documented(method, V1 + path, answer)
        return answer


@cache
def document() -> dict[str, Any]:
    """The document about the interface, as a program gets it."""
    found: dict[str, Any] = json.loads(Client().get(f"{V1}/openapi.json").content)
    return found


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """What the document says of an address, by a method; None where it knows none."""
    try:
        route = resolve(path.partition("?")[0]).route
    except Resolver404:
        return None
    template = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    # HEAD is answered like GET.
    asked = method.lower().replace("head", "get")
    found: dict[str, Any] | None = document()["paths"].get(template, {}).get(asked)
    return found


def assert_documented(method: str, path: str, answer: Any) -> None:
    """Fail for an answer that the document does not tell of."""
    told = operation_at(method, path)
    if told is None:
        assert answer.status_code in (404, 405)
        return
    assert str(answer.status_code) in told["responses"], (method, path, answer.status_code)
    content = told["responses"][str(answer.status_code)].get("content", {})
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if answer.status_code not in (204, 304):
        assert kind in content or "*/*" in content, (method, path, kind, list(content))
