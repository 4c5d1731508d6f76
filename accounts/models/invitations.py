"""Invitations to make an account, where not everybody may."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

DAYS = 14


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Of invitations."""

    def invite(self, days: int = DAYS, made_by: User | None = None) -> tuple[Invitation, str]:
        """Make an invitation, and return the token of its link, too, which is not stored."""
        token = secrets.token_urlsafe(24)
        ends = timezone.now() + timedelta(days=days)
        return self.create(token_sha256=_sha256(token), ends=ends, made_by=made_by), token

    def with_token(self, token: str) -> Invitation | None:
        """The invitation that a token belongs to, whether or not it is still good."""
        return self.filter(token_sha256=_sha256(token)).first()

    def good(self) -> Self:
        """Those that somebody may still sign up with."""
        return self.filter(used__isnull=True, ends__gt=timezone.now())


class Invitation(models.Model):
    """One account that somebody may make; only a hash of the link's token is stored."""

    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    ends = models.DateTimeField()
    used = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"Invitation {self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether it was not used in time."""
        return self.used is None and self.ends <= timezone.now()


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
