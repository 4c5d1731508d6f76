"""Tokens by which programs act for an account."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# By this whoever finds one, and scanners that look for lost ones, see what it is.
PREFIX = "superpixel_"
# How exactly it is known when a token was used last.
NOTED_EVERY = datetime.timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Of tokens."""

    def make(self, user: User, name: str, scopes: list[str], days: int | None) -> tuple[ApiToken, str]:
        """Make a token, and return what a program sends, too, which is not stored.

        Parameters
        ----------
        user : User
        name : str
            What the person calls it.
        scopes : list of str
            Of `ApiToken.Scope`.
        days : int or None
            After how many it ends; None for never.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        ends = timezone.now() + datetime.timedelta(days=days) if days else None
        return self.create(user=user, name=name, scopes=scopes, ends=ends, secret_sha256=_sha256(secret)), secret

    def good(self, secret: str) -> ApiToken | None:
        """The token that a program has sent, with its account, while both are good."""
        running = Q(ends=None) | Q(ends__gt=timezone.now())
        found = self.filter(running, secret_sha256=_sha256(secret), user__is_active=True)
        return found.select_related("user").first()


class ApiToken(models.Model):
    """What a program sends to act for an account; only a hash of it is stored."""

    class Scope(models.TextChoices):
        READ = "read", "Read: look at photos, selections and searches"
        WRITE = "write", "Write: add, change and delete them"
        CURATE = "curate", "Curate: change the public collection, where the account may"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    ends = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"Token {self.pk}"

    def note_use(self) -> None:
        """Note that it is used now."""
        now = timezone.now()
        if self.last_used is None or now - self.last_used > NOTED_EVERY:
            self.last_used = now
            ApiToken.objects.filter(pk=self.pk).update(last_used=now)

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.ends is not None and self.ends <= timezone.now()


def _sha256(secret: str) -> str:
    # A long random secret needs no slow hash: nobody guesses it.
    return hashlib.sha256(secret.encode()).hexdigest()
