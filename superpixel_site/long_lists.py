"""Pages of lists of any length, each found in about the time of the first."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class LongListPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `MOST`: what lies beyond is reached by a filter, or in the other order."""

    MOST = 200_000
    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[: self.MOST].count()

    def page(self, number: int | str) -> Page[Any]:
        """A page, its rows a queryset that has not been asked yet."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        keys = self._keys(bottom, min(bottom + self.per_page, self.count))
        return Page(self.object_list.filter(pk__in=keys), number, self)

    def _keys(self, bottom: int, top: int) -> list[Any]:
        """The keys alone first: the rest of the rows before the page is not needed. From the end that is nearer."""
        keys = self.object_list.select_related(None).prefetch_related(None).values_list("pk", flat=True)
        if bottom > self.count // 2 and self.count < self.MOST:
            return list(keys.reverse()[self.count - top : self.count - bottom])
        return list(keys[bottom:top])
