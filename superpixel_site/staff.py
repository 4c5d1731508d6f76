"""Who of the staff may use the powers that they have."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User


def is_secured(user: User) -> bool:
    """Whether an account has the second factor that `STAFF_REQUIRE_MFA` asks of staff."""
    if not settings.STAFF_REQUIRE_MFA:
        return True
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def is_staff(user: User | AnonymousUser) -> bool:
    """Whether somebody is of the staff, and secured as they must be: ask this before what only curators may do."""
    return user.is_authenticated and user.is_active and user.is_staff and is_secured(user)
