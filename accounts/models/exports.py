"""Files of all that is a person's, made for them to take along."""

from __future__ import annotations

import datetime
import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from selector.models import Owned, OwnedQuerySet
from selector.people import Person


class ExportQuerySet(OwnedQuerySet["Export"]):
    """Of exports."""

    def of(self, person: Person) -> Export | None:
        """The person's export: there is one at a time."""
        return self.owned_by(person).first()

    def outdated(self) -> Self:
        """Those that have been kept for as long as promised."""
        return self.filter(created__lt=timezone.now() - Export.LIFETIME)


def export_path(export: Export, filename: str = "") -> str:
    """Where the storage keeps the file of an export."""
    return f"exports/{export.pk}.zip"


class Export(Owned):
    """A ZIP file of all that is a person's: being made by the worker, or ready for a while."""

    LIFETIME = datetime.timedelta(days=7)

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for the worker"
        WORKING = "working", "being made"
        READY = "ready", "ready"
        FAILED = "failed", "could not be made"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0, help_text="Files that are in it.")
    total = models.PositiveIntegerField(default=0, help_text="Files that will be.")
    file = models.FileField(upload_to=export_path, max_length=200, blank=True)
    n_bytes = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner"], name="export_one_per_account"),
            models.UniqueConstraint(fields=["visitor"], name="export_one_per_visitor"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) ^ Q(visitor__isnull=False), name="export_has_one_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"Export {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WORKING)

    @property
    def ends(self) -> datetime.datetime:
        """Until when it is kept."""
        return self.created + self.LIFETIME

    def begin(self, total: int) -> bool:
        """Store that it is being made, of so many files; False when it is no longer wanted."""
        return self._set(state=self.State.WORKING, done=0, total=total)

    def note_progress(self, done: int) -> bool:
        """Store how many files are in it; False when it is no longer wanted."""
        return self._set(done=done)

    def finish(self, name: str, n_bytes: int) -> bool:
        """Store its file; False when it is no longer wanted."""
        return self._set(state=self.State.READY, file=name, n_bytes=n_bytes, finished=timezone.now())

    def give_up(self) -> bool:
        """Store that it could not be made."""
        return self._set(state=self.State.FAILED)

    def _set(self, **columns: object) -> bool:
        # It may have been cancelled meanwhile: it stays so.
        return bool(Export.objects.filter(pk=self.pk).update(**columns))
