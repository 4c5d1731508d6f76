"""The images that a change of many has yet to come to."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import models

from curating.models.bulk_tasks import BulkTask

IMAGES_A_BATCH = 200


class ImageBatch(models.Model):
    """Some images that a task will change, by their keys: deleted in the transaction in which they are changed."""

    task = models.ForeignKey(BulkTask, on_delete=models.CASCADE, related_name="batches")
    keys = ArrayField(models.BigIntegerField())

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "image batches"

    def __str__(self) -> str:
        return f"Batch {self.pk} of {self.task_id}"

    @staticmethod
    def make(task: BulkTask, keys: Sequence[int]) -> None:
        """Store the images of a task, in their order."""
        starts = range(0, len(keys), IMAGES_A_BATCH)
        ImageBatch.objects.bulk_create(
            (ImageBatch(task=task, keys=keys[at : at + IMAGES_A_BATCH]) for at in starts), batch_size=100
        )
