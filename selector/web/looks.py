"""How a selection is shown on the photo: a choice that a cookie remembers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from selector.web.forms import LookForm

LOOKS = {"own": "In its own colours, the rest dimmed", "veil": "Under a blue veil"}
A_YEAR = 365 * 24 * 3600


def look_of(request: HttpRequest) -> str:
    """The look that the address asks for, else the one chosen before, else the first."""
    for given in (request.GET, {"look": request.COOKIES.get(settings.LOOK_COOKIE_NAME, "")}):
        form = LookForm(given)
        if form.is_valid():
            return str(form.cleaned_data["look"])
    return next(iter(LOOKS))


def look_context(request: HttpRequest) -> dict[str, Any]:
    """What the workspace needs: the look, the choices, and how the script writes the cookie."""
    secure = "; Secure" if settings.SESSION_COOKIE_SECURE else ""
    attributes = f"Path={settings.SESSION_COOKIE_PATH}; Max-Age={A_YEAR}; SameSite=Lax{secure}"
    cookie = f"{settings.LOOK_COOKIE_NAME}={{look}}; {attributes}"
    return {"look": look_of(request), "looks": LOOKS, "look_cookie": cookie}


def remember_look(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response, with the cookie where the address asks for a look, as it does without JavaScript."""
    if "look" in request.GET:
        response.set_cookie(
            settings.LOOK_COOKIE_NAME,
            look_of(request),
            max_age=A_YEAR,
            path=settings.SESSION_COOKIE_PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response
