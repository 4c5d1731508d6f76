"""Cookies that are this site's alone: their names are made in `settings`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# As Django calls it, and this site did.
FORMER_CSRF_COOKIE = "csrftoken"


def names(request: HttpRequest) -> dict[str, str]:
    """For templates: the cookie in which scripts find the token against forged requests."""
    return {"csrf_cookie_name": settings.CSRF_COOKIE_NAME}


class OwnCookieStorage(CookieStorage):
    """Messages in a cookie of this site's own."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """Messages in a cookie; in the session where they are too long for one."""

    storage_classes = (OwnCookieStorage, SessionStorage)


class LastingSessionMiddleware(SessionMiddleware):
    """Django's own, but a session that is unknown here takes the cookie away from the browser with a page alone.

    Signing in gives the browser another session. A request that a page had sent a moment before, for a picture, say,
    comes with the former one and is answered later: taking "the" cookie away then would sign the person out again.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Leave the cookie alone in the answer to a part of a page, unless the view ended a session."""
        is_unknown = settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty()
        is_part = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
        if is_unknown and is_part and not request.session.modified:
            if request.session.accessed:
                patch_vary_headers(response, ("Cookie",))
            return response
        answered: HttpResponse = super().process_response(request, response)
        return answered


class FormerCookieMiddleware:
    """Takes over a session whose cookie has an earlier name, once: people keep their photos when the site is updated.

    A cookie of that name may be another site's: only a session that is stored here is taken over. Who has a session by
    today's name keeps that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        former = "" if settings.SESSION_COOKIE_NAME in request.COOKIES else _take_over(request)
        response = self.get_response(request)
        if former:
            response.delete_cookie(former, path=settings.SESSION_COOKIE_PATH)
        return response


def _take_over(request: HttpRequest) -> str:
    """Go on with the session of a former cookie; the name of that, or nothing."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for name in settings.FORMER_SESSION_COOKIES:
        session = store(request.COOKIES[name]) if name in request.COOKIES else None
        if session is not None and list(session.keys()):
            request.session = session
            session.modified = True  # so that its cookie is sent
            request.COOKIES[settings.SESSION_COOKIE_NAME] = request.COOKIES[name]
            _take_over_token(request)
            return str(name)
    return ""


def _take_over_token(request: HttpRequest) -> None:
    """Let forms that are open in the browser work."""
    if FORMER_CSRF_COOKIE in request.COOKIES:
        request.COOKIES.setdefault(settings.CSRF_COOKIE_NAME, request.COOKIES[FORMER_CSRF_COOKIE])
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
