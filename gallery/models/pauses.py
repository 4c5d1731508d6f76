"""Whether indexing is paused."""

from __future__ import annotations

from django.db import models


class IndexingPause(models.Model):
    """One row while indexing is paused, and none else."""

    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Indexing paused since {self.since:%Y-%m-%d %H:%M}"
