"""What follows when rows are deleted: their files go with them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from curating.models import BulkTask


@receiver(post_delete, sender=BulkTask)
def delete_files(instance: BulkTask, **kwargs: Any) -> None:
    """Delete the files of a deleted task when the transaction has committed."""
    for file in (instance.upload, instance.result):
        if file:
            transaction.on_commit(partial(file.storage.delete, str(file.name)))
