"""Who asks: an account, by a token or by the session of a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from django.http import Http404, HttpRequest
from ninja.security import HttpBearer, SessionAuth

from accounts.models import ApiToken
from api import limits
from superpixel_site.refusals import Refusal
from superpixel_site.staff import is_staff

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAY_NOT = "This token may not {}. Make another on the page of your account."
Scope = Literal["read", "write", "curate"]


class Token(HttpBearer):
    """A token that may do something.

    Parameters
    ----------
    *scopes : what it must be allowed to: one of these
    """

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token of a request, whose account stands behind the request from here on."""
        found = ApiToken.objects.good(token)
        if found is None:
            return None
        if not set(self.scopes) & set(found.scopes):
            raise Refusal(MAY_NOT.format(" or ".join(self.scopes)), 403, "")
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


def allowed_to(*scopes: Scope) -> list[Any]:
    """Accounts by a token with one of these scopes, or by their session with the token of a form."""
    return [Token(*scopes), Session()]


def has_scope(request: HttpRequest, scope: Scope) -> bool:
    """Whether the token of a request may do something; a session may do what its account may."""
    token = getattr(request, "auth", None)
    return not isinstance(token, ApiToken) or scope in token.scopes


def curator_of(request: HttpRequest, permission: str) -> User:
    """The account behind a request, which looks after the collection and has a permission; 404 for all others.

    Raises
    ------
    Http404
    """
    user = request.user
    if not (has_scope(request, "curate") and is_staff(user) and user.has_perm(permission)):
        raise Http404
    return cast("User", user)
