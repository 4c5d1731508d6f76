"""What follows from what allauth tells."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import password_reset
from allauth.core import ratelimit
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.signing_in import attempts
from superpixel_site.clients import network_of


@receiver(password_reset)
def forget_wrong_passwords(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Let somebody who has chosen a new password sign in at once, where they have just failed with the old one."""
    adapter = get_adapter()
    addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    for login in {user.username, user.email, *addresses} - {""}:
        attempts.forget(login, network_of(request))
        key = adapter._get_login_attempts_cache_key(request, username=login)
        ratelimit.clear(request, action="login_failed", key=key)
