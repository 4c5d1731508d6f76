"""What browsers keep of the site: nothing, unless a view says otherwise; and at sign-out they drop all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponse

from superpixel_site.responses import NOT_KEPT

SIGNED_OUT = "has_signed_out"


def _note(sender: object, request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        setattr(request, SIGNED_OUT, True)


user_logged_out.connect(_note, dispatch_uid="superpixel_site.kept_answers")


class KeptAnswersMiddleware:
    """Marks answers that say nothing of caches: every page shows who is signed in, and Back has to ask for it again.

    Who signs out may leave the computer to somebody else: pictures that were kept are given up, as far as the browser
    does that when it is told to.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", NOT_KEPT)
        if getattr(request, SIGNED_OUT, False) or _session_has_ended(response):
            response.headers["Clear-Site-Data"] = '"cache"'
        return response


def _session_has_ended(response: HttpResponse) -> bool:
    """Whether the browser is told to forget its session, which may have been ended elsewhere."""
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie is not None and cookie["max-age"] == 0
