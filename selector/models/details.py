"""Details of photos that are being cut."""

from __future__ import annotations

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from selector.models.photos import Owned, OwnedQuerySet, Photo


class CutQuerySet(OwnedQuerySet["Cut"]):
    """Of cuts."""

    def under_way(self) -> Self:
        """Those that the worker has yet to finish."""
        return self.filter(state__in=[Cut.State.WAITING, Cut.State.WORKING])

    def outdated(self) -> Self:
        """Those that nobody looks at any more: the detail is a photo of its own."""
        return self.filter(created__lt=timezone.now() - Cut.LIFETIME)


class Cut(Owned):
    """A part of a photo's original that the worker makes a photo of its own: a detail."""

    LIFETIME = datetime.timedelta(days=1)

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for the worker"
        WORKING = "working", "being cut"
        READY = "ready", "ready"
        FAILED = "failed", "could not be cut"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.ForeignKey(Photo, null=True, on_delete=models.SET_NULL, related_name="cuts")
    box = ArrayField(
        models.PositiveIntegerField(), size=4, help_text="x0, y0, x1, y1 in the original, upright by EXIF."
    )
    quarter_turns = models.PositiveSmallIntegerField(help_text="Of the photo as the person saw it.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    sentence = models.CharField(max_length=300, blank=True, help_text="Why it could not be cut.")
    detail = models.ForeignKey(Photo, null=True, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    objects = CutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="cut_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return f"Cut {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WORKING)

    @property
    def n_before(self) -> int:
        """How many others the worker cuts first."""
        return Cut.objects.under_way().filter(created__lt=self.created).count()

    def is_wanted(self) -> bool:
        """Whether it has not been cancelled meanwhile."""
        return Cut.objects.under_way().filter(pk=self.pk).exists()

    def begin(self) -> bool:
        """Store that it is being cut; False when it is no longer wanted."""
        return self._set(state=self.State.WORKING)

    def finish(self, detail: Photo) -> bool:
        """Store what has become of it, whose row may follow in the transaction; False when it is no longer wanted."""
        return self._set(state=self.State.READY, detail=detail.pk)

    def give_up(self, sentence: str) -> bool:
        """Store why it could not be cut."""
        return self._set(state=self.State.FAILED, sentence=sentence[:300])

    def _set(self, **columns: object) -> bool:
        # It may have been cancelled meanwhile: it stays so.
        return bool(Cut.objects.under_way().filter(pk=self.pk).update(**columns))
