"""What became of each file of an import."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Count

from curating.models.bulk_tasks import BulkTask
from gallery.models import GalleryImage


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    """Of files of imports."""

    def waiting(self) -> Self:
        """Those that nobody has looked at yet."""
        return self.filter(state=ImportItem.State.WAITING)

    def left_out(self) -> Self:
        """Those that did not become images, for whatever reason."""
        return self.filter(state__in=[ImportItem.State.REFUSED, ImportItem.State.SKIPPED])

    def counts(self) -> dict[str, int]:
        """How many have each state, none left out."""
        found = dict(self.order_by().values_list("state").annotate(Count("pk")))
        return {state: found.get(state, 0) for state in ImportItem.State.values}


class ImportItem(models.Model):
    """A file of an import, or a line of its manifest, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        NEW = "new", "new"
        KNOWN = "known", "there already"
        UPDATED = "updated", "metadata updated"
        REFUSED = "refused", "refused"
        SKIPPED = "skipped", "skipped"

    task = models.ForeignKey(BulkTask, on_delete=models.CASCADE, related_name="items")
    path = models.CharField(max_length=2000, help_text="Within the source.")
    details = models.JSONField(null=True, blank=True, help_text="What the manifest says of it.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="Why it was refused or skipped.")
    deaths = models.PositiveSmallIntegerField(default=0, help_text="How often the process died that took it.")
    image = models.ForeignKey(GalleryImage, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["task", "path"], name="import_item_once_per_path")]
        indexes = [models.Index(fields=["task", "state", "id"], name="import_items_by_state")]

    def __str__(self) -> str:
        return f"File {self.pk} of {self.task_id}"

    def settle(self, state: str, *, image: GalleryImage | None = None, reason: str = "") -> None:
        """Store what became of it."""
        self.state, self.image, self.reason = state, image, reason
        ImportItem.objects.filter(pk=self.pk).update(state=state, image=image, reason=reason)
