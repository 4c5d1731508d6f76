"""What the app does when a visitor signs in, and when rows are deleted that have files."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from selector.models import LabelMap, Photo
from selector.people import SESSION_KEY
from selector.services.adoption import adopt
from superpixel_site.stored_files import delete_with_folder

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@receiver(user_logged_in)
def adopt_visitor(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Hand the things of the visitor in this session to the account."""
    visitor = request.session.pop(SESSION_KEY, None) if request is not None else None
    if visitor:
        adopt(uuid.UUID(visitor), user)


@receiver(post_delete, sender=Photo)
@receiver(post_delete, sender=LabelMap)
def delete_files(instance: Photo | LabelMap, **kwargs: Any) -> None:
    """Delete the files of a deleted row when the transaction has committed.

    A signal and not `delete()`: cascades and deletions of many rows do not call that.
    """
    files = [instance.labels] if isinstance(instance, LabelMap) else [instance.original, instance.working]
    for file in files:
        if file:
            transaction.on_commit(partial(delete_with_folder, file.storage, str(file.name)))
