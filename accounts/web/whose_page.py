"""Whose a page is: a person whose session is gone is told so, instead of going on as somebody new.

Each page carries the marker of the person it was made for, and sends it with all that is done there. Where somebody
else stands behind the request by now, nothing is done: the answer is 401 with a sentence and a way back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from selector.models import FormerVisitor
from selector.people import NOBODY, Person, marker_of, person_of
from superpixel_site.refusals import Refusal, answer_to, linked, page_before

# How a page says whose it is: scripts by a header, forms without them by a field.
HEADER, FIELD = "X-Page-Of", "page_of"
MARKER = re.compile(r"[uv][0-9a-f]{32}")
SIGNED_OUT = "You have been signed out. Sign in to go on."
SIGN_IN = "Sign in"


class SignedOut(Refusal):
    """A page of an account asks for something, and nobody is signed in any more."""

    link = SIGN_IN

    def __init__(self, page: str) -> None:
        super().__init__(SIGNED_OUT, 401, sign_in_address(page))


class VisitEnded(Refusal):
    """A page of a visitor asks for something, and the browser has lost what the visitor was known by."""

    link = "Reload the page"

    def __init__(self, page: str) -> None:
        sentence = "Your visit has ended: this browser has lost its cookie. Reload the page to start anew."
        super().__init__(sentence, 401, page)


class SomeoneElse(Refusal):
    """A page of one person asks for something, and another one is signed in by now."""

    link = "Reload the page"

    def __init__(self, page: str) -> None:
        sentence = "Someone else has signed in since this page was opened. Reload the page to go on."
        super().__init__(sentence, 401, page)


class WhosePageMiddleware:
    """Refuses what a page asks for that was made for another person than the one behind the request.

    It stands before the check of the CSRF token, which is gone, too, where cookies are; it only ever refuses. To a page
    of nobody, or of a visitor who has signed in since, the answer says whose it is from now on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        said = request.headers.get(HEADER)
        if said and response.status_code < 400:
            marker = marker_of(person_of(request))
            if marker != said:
                response.headers[HEADER] = marker
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        said = said_by(request)
        if not MARKER.fullmatch(said):
            return None
        refused = refusal(said, person_of(request), _path(page_before(request)))
        return answer_to(request, refused) if refused else None


def said_by(request: HttpRequest) -> str:
    """The marker that a page has sent; empty for all others."""
    if said := request.headers.get(HEADER):
        return said
    if request.method != "POST":
        return ""
    try:
        return str(request.POST.get(FIELD, ""))
    except UnreadablePostError:  # who sent it has gone: nobody reads the answer
        return ""


def refusal(said: str, person: Person, page: str) -> Refusal | None:
    """Why a page with this marker may not go on as a person's; None where it may."""
    if said == marker_of(person):
        return None
    former = FormerVisitor.objects.filter(marker=said).first()
    if person.user is not None:
        return None if former and former.owner_id == person.user.pk else SomeoneElse(page)
    return SignedOut(page) if former or said.startswith("u") else VisitEnded(page)


def sign_in_address(page: str) -> str:
    """The page to sign in, which comes back to another one."""
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}"


def _path(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()


def whose_page(request: HttpRequest) -> dict[str, Any]:
    """What pages need to say whose they are; a context processor."""
    return {
        "page_of": SimpleLazyObject(lambda: _marker(request)),
        "page_of_field": SimpleLazyObject(
            lambda: format_html('<input type="hidden" name="{}" value="{}">', FIELD, _marker(request))
        ),
        "signed_out": SimpleLazyObject(lambda: _signed_out(request)),
    }


def _marker(request: HttpRequest) -> str:
    return marker_of(person_of(request)) if _knows_who_asks(request) else NOBODY


def _knows_who_asks(request: HttpRequest) -> bool:
    """Not before the middlewares have seen the request: some errors are told earlier."""
    return hasattr(request, "session") and hasattr(request, "user")


def _signed_out(request: HttpRequest) -> str:
    """The sentence for a browser that sends the cookie of a session which is gone; else empty."""
    if not _knows_who_asks(request) or not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return ""
    if person_of(request).is_known or (request.session.session_key and "_auth_user_id" not in request.session):
        return ""
    return linked(SIGNED_OUT, SIGN_IN, sign_in_address(request.get_full_path()))


@require_GET
@never_cache
def still_here(request: HttpRequest) -> HttpResponse:
    """What a page asks that was kept by the browser: 204 where it is still its person's, else the middleware's 401.

    A browser that has lost the cookie for forms gets one.
    """
    get_token(request)
    return HttpResponse(status=204)
