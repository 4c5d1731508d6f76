"""The images that a search may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from gallery.descriptors.region_choice import COUNT
from gallery.models import GalleryImage, RegionVector

# Counting further takes longer than it tells.
MOST_COUNTED = 10_000


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

    @cached_property
    def found_at_most(self) -> int:
        """How many of them can be found, being described in some space; counted up to `MOST_COUNTED`, and one more."""
        described = Exists(RegionVector.objects.filter(image=OuterRef("pk")))
        return self.images.order_by().filter(described)[: MOST_COUNTED + 1].count()
