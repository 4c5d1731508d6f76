"""What follows from what others tell: sessions when people sign in and come back, new passwords, files of exports."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import password_reset
from allauth.core import ratelimit
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import sessions
from accounts.models import Export
from accounts.signing_in import attempts
from selector.signals import adopted, forgotten, renewed
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


@receiver(user_logged_in)
def note_new_session(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Store from where a person signs in."""
    if request is not None:
        sessions.note(request, user)


@receiver(renewed)
def note_session(request: HttpRequest, **kwargs: Any) -> None:
    """Store from where a person is signed in today."""
    if request.user.is_authenticated:
        sessions.note(request, request.user)


@receiver(pre_save, sender=UserSession)
def forget_the_address(instance: UserSession, **kwargs: Any) -> None:
    """Store the network that a session is used from, where allauth would store the address."""
    instance.ip = sessions.network(instance.ip)


@receiver(post_delete, sender=Export)
def delete_file(instance: Export, **kwargs: Any) -> None:
    """Delete the file of a deleted export when the transaction has committed."""
    if instance.file:
        transaction.on_commit(partial(instance.file.storage.delete, str(instance.file.name)))


@receiver(adopted)
def adopt_export(visitor: uuid.UUID, user: User, **kwargs: Any) -> None:
    """Delete a visitor's export at sign-in: the account's holds all of it."""
    Export.objects.filter(visitor=visitor).delete()


@receiver(forgotten)
def forget_export(visitor: uuid.UUID, **kwargs: Any) -> None:
    """Delete the export of a visitor whose things are deleted."""
    Export.objects.filter(visitor=visitor).delete()
