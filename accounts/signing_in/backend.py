"""Checking a password: one hash for each attempt, whether or not there is such an account."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.contrib.auth.models import User
from django.http import HttpRequest


class OneCheckBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's own with one account to an attempt.

    It checks a password once for each way in which a login may be meant, so that an address that is known takes longer
    than one that is not. Where there is no account it computes one hash as well.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: str) -> User | None:
        login = credentials.get("username") or credentials.get("email") or ""
        user: User | None = self._check_password(account_of(login), credentials["password"])
        return user


def account_of(login: str) -> User | None:
    """The account that a login names: by its user name, else by an e-mail address.

    Of several with one address it is the one that has confirmed it, else the oldest.
    """
    if not login:
        return None
    by_name: User | None = get_user_by_username(login)
    by_address = filter_users_by_email(login, prefer_verified=True, for_login=True) if "@" in login else []
    return by_name or min(by_address, key=lambda user: user.pk, default=None)
