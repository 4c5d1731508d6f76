"""A program with a token, as tests use one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

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
            return call(V1 + path, body or {}, headers={**self.headers, **sent})
        return call(V1 + path, body, content_type="application/json", headers={**self.headers, **sent})
