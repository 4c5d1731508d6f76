"""People without an account, each known by a random id that their session holds."""

from __future__ import annotations

import datetime
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class VisitorQuerySet(models.QuerySet["Visitor"]):
    """Of visitors."""

    def see(self, visitor: uuid.UUID) -> None:
        """Note that a visitor is here now."""
        self.update_or_create(pk=visitor, defaults={"last_seen": timezone.now()})

    def lock(self, visitor: uuid.UUID) -> None:
        """Let others who lock the same visitor wait until this transaction ends."""
        self.bulk_create([Visitor(pk=visitor)], ignore_conflicts=True)
        self.select_for_update(no_key=True).get(pk=visitor)

    def gone(self) -> Self:
        """Visitors not seen for so long that the sessions they had have ended."""
        # A day more: the last sight is noted once a day.
        age = datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE, days=1)
        return self.filter(last_seen__lt=timezone.now() - age)


class Visitor(models.Model):
    """Somebody without an account who owns something here. The rows that they own name this key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(default=timezone.now, db_index=True, help_text="To the day.")

    objects = VisitorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Visitor {self.pk}"


class FormerVisitorQuerySet(models.QuerySet["FormerVisitor"]):
    """Of visitors who have signed in."""

    def gone(self) -> Self:
        """Those whose pages nobody has open any more: they signed in as long ago as a session lives."""
        return self.filter(signed_in__lt=timezone.now() - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE))


class FormerVisitor(models.Model):
    """A visitor who has signed in: pages that were open at that time go on as the account's.

    Of the visitor only the marker is kept, which such a page sends (`selector.people.marker_of`).
    """

    marker = models.CharField(max_length=33, primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    signed_in = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = FormerVisitorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Former visitor {self.marker}"
