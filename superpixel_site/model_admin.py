"""The admin's classes for what belongs to people: nothing can be learned of it that no page shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import model_ngettext
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from superpixel_site.long_lists import LongListPaginator

Model = TypeVar("Model", bound=models.Model)
# Of what is to be deleted so many are named.
NAMED = 100
# What Django's own filters, and the links to years and days above a list, add to the name of a column.
OF_A_FILTER = ("exact", "id__exact", "isnull", "gte", "lt")
OF_A_DATE = ("year", "month", "day", "gte", "lt")

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as GenericAdmin
else:

    class GenericAdmin(admin.ModelAdmin):
        """Django's own, which takes a model between brackets and ignores it: type checkers know it as generic."""

        def __class_getitem__(cls, model: object) -> type:
            return cls


class ModelAdmin(GenericAdmin[Model]):
    """Lists any number of rows, filters by its own filters alone, and asks before deleting, naming little of what goes.

    A filter of a column with a class of its own says in `TAKES` which parameters it reads.

    Django lets an address filter by any column: who counts the answers to `?name__startswith=a`, `b` ... reads names
    that no page shows. And the list of what goes along would name the tags of private images, and millions of vectors.
    """

    paginator = LongListPaginator
    # It would count all rows besides those that are listed.
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = {f"{self.date_hierarchy}__{part}" for part in OF_A_DATE} if self.date_hierarchy else set()
        for one in self.list_filter:
            if isinstance(one, str):
                offered |= {f"{one}__{part}" for part in OF_A_FILTER}
            elif isinstance(one, tuple | list):
                offered |= set(getattr(one[1], "TAKES", ()))
            else:
                offered.add(str(getattr(one, "parameter_name", "")))
        return lookup in offered

    def get_deleted_objects(
        self, objs: Sequence[Model] | QuerySet[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        named = [self.name_of(item) for item in objs[:NAMED]]
        # Rows are counted where they are: there may be a hundred thousand.
        total = objs.count() if isinstance(objs, QuerySet) else len(objs)
        if total > len(named):
            named.append(f"and {total - len(named)} more")
        return named, {model_ngettext(self.opts, total): total}, set(), []

    def name_of(self, item: Model) -> str:
        """What the page that asks before deleting calls it."""
        return str(item)


__all__ = ["GenericAdmin", "ModelAdmin"]
