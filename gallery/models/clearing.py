"""When the worker clears away."""

from __future__ import annotations

import datetime

from django.db import models
from django.utils import timezone


class Clearing(models.Model):
    """One row, by which all workers together clear away at most once an hour."""

    EVERY = datetime.timedelta(hours=1)
    # When there was more to do than one round takes.
    SOON = datetime.timedelta(minutes=1)

    due = models.DateTimeField()
    # Files are looked through in parts: where the next round begins.
    next_part = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Clearing away, due {self.due:%Y-%m-%d %H:%M}"

    @classmethod
    def claim(cls) -> Clearing | None:
        """The row, if clearing away is due and no other worker has taken it on; it is due again in an hour."""
        now = timezone.now()
        cls.objects.get_or_create(pk=1, defaults={"due": now})
        claimed = cls.objects.filter(pk=1, due__lte=now).update(due=now + cls.EVERY)
        return cls.objects.get(pk=1) if claimed else None

    @classmethod
    def hurry(cls) -> None:
        """Let the next round begin now: somebody waits for it."""
        cls.objects.filter(pk=1).update(due=timezone.now())

    def finish(self, *, is_done: bool) -> None:
        """Store where the next round begins; it is due soon when this one was not done."""
        if not is_done:
            self.due = timezone.now() + self.SOON
        self.save()
