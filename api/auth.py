"""Who asks: an account, by a token or by the session of a browser."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from accounts.models import ApiToken
from api import limits
from superpixel_site.refusals import Refusal

Scope = Literal["read", "write", "curate"]


class Token(HttpBearer):
    """A token that may do something.

    Parameters
    ----------
    scope : what it must be allowed to
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token of a request, whose account stands behind the request from here on."""
        found = ApiToken.objects.good(token)
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise Refusal(f"This token may not {self.scope}. Make another on the page of your account.", 403, "")
        found.note_use()
        request.user = found.user
        limits.count(request, found.user_id)
        return found


class Session(SessionAuth):
    """The session of a browser that is signed in."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The account of a request, if it has one."""
        found = super().authenticate(request, key)
        if found is not None:
            limits.count(request, found.pk)
        return found


def allowed_to(scope: Scope) -> list[Any]:
    """Accounts by a token with a scope, or by their session with the token of a form."""
    return [Token(scope), Session()]
