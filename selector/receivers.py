"""What follows from events elsewhere: sign-in, and rows that leave files behind."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from selector.models import LabelMap, Photo
from selector.people import SESSION_KEY
from selector.services.adoption import adopt


@receiver(user_logged_in)
def adopt_visitor(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    visitor = request.session.pop(SESSION_KEY, None) if request is not None else None
    if visitor:
        adopt(uuid.UUID(visitor), user)


@receiver(post_delete, sender=Photo)
@receiver(post_delete, sender=LabelMap)
def delete_files(instance: Photo | LabelMap, **kwargs: Any) -> None:
    """A signal and not `delete()`: cascades and bulk deletions must not leave files behind either."""
    for field in ("original", "working", "labels"):
        file = getattr(instance, field, None)
        if file:
            transaction.on_commit(partial(file.storage.delete, file.name))
