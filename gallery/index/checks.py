"""A system check of what searches go without, told to who runs the site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import ProgrammingError, transaction


@register(Tags.database)
def every_kind_answers(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of each kind of space that cannot be used: `manage.py check --database default`."""
    from gallery.index import spaces  # Not with the apps: it takes a while.

    if not databases:
        return []
    try:
        with transaction.atomic():
            causes = [notice.cause for notice in spaces.answering()[1] if notice.cause]
    except ProgrammingError:
        return []  # Before the first migration, and before one that changes these tables.
    return [Warning(cause, id="gallery.W001") for cause in causes]
