"""The images that a search may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import QuerySet

from gallery.descriptors.region_choice import COUNT
from gallery.models import GalleryImage


@dataclass(frozen=True)
class Candidates:
    """The images that a search may answer with; several query vectors share one, so that they are counted once."""

    images: QuerySet[GalleryImage]

    @cached_property
    def few(self) -> list[int] | None:
        """The keys of all of them, if comparing all their regions is faster than an index; None if they are many."""
        most = -(-settings.VECTOR_INDEX_FROM // (COUNT + 1))
        keys = list(self.images.order_by().values_list("pk", flat=True)[: most + 1])
        return keys if len(keys) <= most else None

    @property
    def are_none(self) -> bool:
        """Whether there is no image at all."""
        return self.few == []
