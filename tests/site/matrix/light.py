"""Asking a view with little around it: who asks is set, nothing is looked up, and pages are not drawn.

It takes a fraction of the time of a whole request, and permission is the view's affair. `asking` says who asks so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import ResolverMatch, resolve
from django.utils.safestring import mark_safe

MIDDLEWARE = (
    f"{__name__}.SomebodyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "superpixel_site.refusals.RefusalMiddleware",
)


class SomebodyMiddleware:
    """Puts the person and the session that a light client came with into the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        client: LightClient = request.environ["light.client"]
        request.user = client.user
        request.session = SessionStore()
        request.session._session_cache = dict(client.kept)
        request._messages = FallbackStorage(request)
        return self.get_response(request)


class LightClient(Client):
    """A client of one person."""

    def __init__(self, of: Client, user: Any) -> None:
        super().__init__(raise_request_exception=False, **{"light.client": self})  # type: ignore[arg-type]
        self.user = user or AnonymousUser()
        self.kept = dict(of.session.items()) if of.cookies else {}
        with override_settings(MIDDLEWARE=MIDDLEWARE):
            self.handler.load_middleware()

    def request(self, **request: Any) -> Any:
        with pages_not_drawn():
            return super().request(**request)


@cache
def answer_before_looking(path: str, method: str, who: str) -> HttpResponse | None:
    """How a view answers that has looked at the method, and at no more of who asks than whether they are of the staff.

    The request has no session and makes no query; "nobody" has no user either, "visitor" and "user" are nobody in
    particular. So the answer is the same for all such people. None where the view wants to know more.
    """
    found = _resolved(path)
    request = RequestFactory().generic(method, path)
    if who != "nobody":
        request.user = AnonymousUser() if who == "visitor" else User()
    with connection.execute_wrapper(_refuse_queries), suppress(Exception):
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        if response.status_code == 405 or (who != "nobody" and response.status_code == 302):
            return response
    return None


@cache
def _resolved(path: str) -> ResolverMatch:
    return resolve(path)


def _refuse_queries(*_: object) -> None:
    raise RuntimeError("This view looks at more.")


@contextmanager
def pages_not_drawn() -> Iterator[None]:
    """Within it all pages are empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "render", lambda self, context=None, request=None: mark_safe(""))
        yield
