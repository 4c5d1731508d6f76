"""Filters of the list of images by what is typed: a collection has more tags and creators than a page can list."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from curating.handing_over import images_of
from gallery.models import GalleryImage, GalleryImageQuerySet


def public_of(images: QuerySet[GalleryImage]) -> GalleryImageQuerySet:
    """Those that curators look after: what is told of private images is no answer to a filter."""
    return cast(GalleryImageQuerySet, images).curated()


class TypedFilter(admin.SimpleListFilter):
    """A text field beside the list; it tells nothing of private images."""

    template = "curating/admin/typed_filter.html"
    hint = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = {name: value for name, value in changelist.params.items() if name != self.parameter_name}
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "hint": self.hint,
            "others": {**others, **{k: v[-1] for k, v in changelist.filter_params.items() if k not in others}},
            "without": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[GalleryImage]) -> QuerySet[GalleryImage] | None:
        value = (self.value() or "").replace("\0", "").strip()
        return self.chosen(public_of(queryset), value) if value else None

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        """The images that have what was typed."""
        raise NotImplementedError


class TagFilter(TypedFilter):
    title, parameter_name = "tag", "tag"

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        return images.tagged(value)


class LicenceFilter(TypedFilter):
    title, parameter_name, hint = "licence", "licence", "In any version"

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        return images.licensed(value)


class CreatorFilter(TypedFilter):
    title, parameter_name, hint = "creator", "creator", "A part of the name"

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        return images.made_by(value)


class MadeFilter(TypedFilter):
    title, parameter_name, hint = "date of the picture", "made", "1999, 1999-12 or 1999-12-31"

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        days = days_of(value)
        return images.made_between(*days) if days else images.none()


def days_of(text: str) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last day of a year, a month or a day as it is typed; None when it is none of these.

    Examples
    --------
    >>> days_of("1999-02")
    (datetime.date(1999, 2, 1), datetime.date(1999, 2, 28))
    """
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            first = datetime.datetime.strptime(text, form).date()
        except ValueError:
            continue
        if form == "%Y-%m-%d":
            return first, first
        if form == "%Y":
            return first, first.replace(month=12, day=31)
        following = first.replace(day=28) + datetime.timedelta(days=4)
        return first, following - datetime.timedelta(days=following.day)
    return None


class WhereFilter(admin.SimpleListFilter):
    """In the collection, or withdrawn; or, for those who may know that there are any, people's own."""

    title, parameter_name = "where", "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = [("public", "In the collection"), ("withdrawn", "Withdrawn")]
        return [*known, ("own", "People's own")] if getattr(request.user, "is_superuser", False) else known

    def queryset(self, request: HttpRequest, queryset: QuerySet[GalleryImage]) -> QuerySet[GalleryImage] | None:
        images = cast(GalleryImageQuerySet, queryset)
        match self.value():
            case "public":
                return images.public()
            case "withdrawn":
                return images.withdrawn()
            case "own":
                return images.filter(photo__is_public=False, withdrawn=None)
        return None


class SearchFilter(TypedFilter):
    """The images that a search of the curator's own has found, handed over by its page."""

    title, parameter_name = "search", "search"
    template = "curating/admin/search_filter.html"

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.keys = images_of(request.session, self.value() or "")

    def has_output(self) -> bool:
        return bool(self.value())

    def chosen(self, images: GalleryImageQuerySet, value: str) -> GalleryImageQuerySet:
        return images.filter(pk__in=self.keys)
