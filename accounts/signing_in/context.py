"""What pages know about signing up."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def sign_up(request: HttpRequest) -> dict[str, object]:
    """`sign_up_is_open`: whether everybody may make an account, so that a page should offer it."""
    return {"sign_up_is_open": settings.SIGN_UP == "open", "sign_up": settings.SIGN_UP}
