"""What is said to a form whose token does not fit: another tab has signed in since, or cookies are gone."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, get_token
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

OLD_FORM = "You have signed in or out in another window since this page was opened. Nothing has been done yet."
NO_COOKIE = "Your browser sent no cookie, which this site needs. Allow cookies, or try again if they were deleted."
# Not offered again: they are typed anew, on the page that they belong to.
SECRET = "password"  # nosec B105 # a part of the names of fields


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form without the right token, with a new token: what comes from a page of ours is sent again.

    What another site sends is only refused: nobody shall be led to press a button for it.
    """
    get_token(request)
    sentence = NO_COOKIE if reason == REASON_NO_CSRF_COOKIE else OLD_FORM
    context = {"message": sentence, "level": "error", "fields": _fields(request) if _is_ours(request) else []}
    template = "_status.html" if request.headers.get("HX-Request") else "403_csrf.html"
    response = render(request, template, context, status=403)
    add_never_cache_headers(response)
    return response


def _is_ours(request: HttpRequest) -> bool:
    origin = urlsplit(request.headers.get("Origin", ""))
    return origin.netloc == request.get_host() and origin.scheme == request.scheme


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form held, to be sent again; nothing where that cannot be."""
    if request.FILES or any(SECRET in name for name in request.POST):
        return []
    names = [name for name in request.POST if name != "csrfmiddlewaretoken"]
    return [(name, str(value)) for name in names for value in request.POST.getlist(name)]
