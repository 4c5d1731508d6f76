"""Looking after the collection."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from gallery import jobs
from gallery.models import DescriptorSpace, GalleryImage, Search
from gallery.web.forms import NewImageForm


class BriefDeletion(admin.ModelAdmin):  # type: ignore[type-arg]
    """Asks before deleting without listing every region and vector that goes along: there are millions."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        named = [str(item) for item in objs[:100]]
        total = len(objs)
        if total > len(named):
            named.append(f"and {total - len(named)} more")
        return named, {model_ngettext(self.opts, total): total}, set(), []


@admin.register(GalleryImage)
class GalleryImageAdmin(BriefDeletion):
    list_display = ("thumbnail", "title", "status", "error", "tag_list", "visibility", "created")
    list_display_links = ("thumbnail", "title")
    list_filter = ("status", "photo__is_public", "tags", "licence")
    list_select_related = ("photo",)
    search_fields = ("title", "description", "creator", "tags__name")
    date_hierarchy = "created"
    list_per_page = 50
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ("reindex",)
    fields = ("photo_link", *NewImageForm.Meta.fields, "status", "error")
    readonly_fields = ("photo_link", "status", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GalleryImage]:
        return super().get_queryset(request).prefetch_related("tags")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": NewImageForm, "fields": None}
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("image", *NewImageForm.Meta.fields) if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.readonly_fields

    @admin.display(description="")
    def thumbnail(self, image: GalleryImage) -> str:
        if not image.photo.is_public:
            return "private"  # Not even for those who look after the site.
        address = reverse("selector:thumbnail", args=[image.photo_id, image.photo.version])
        return format_html('<img src="{}" alt="" height="64" loading="lazy">', address)

    @admin.display(description="photo")
    def photo_link(self, image: GalleryImage) -> str:
        look = "Look at it on the site"
        return format_html('{} <a href="{}">{}</a>', self.thumbnail(image), image.get_absolute_url(), look)

    @admin.display(description="tags")
    def tag_list(self, image: GalleryImage) -> str:
        return ", ".join(sorted(tag.name for tag in image.tags.all()))

    @admin.display(description="public", boolean=True, ordering="photo__is_public")
    def visibility(self, image: GalleryImage) -> bool:
        return image.photo.is_public

    @admin.action(description="Index the selected images again")
    def reindex(self, request: HttpRequest, images: QuerySet[GalleryImage]) -> None:
        keys = list(images.values_list("pk", flat=True))
        GalleryImage.objects.filter(pk__in=keys).update(status=GalleryImage.Status.PENDING, error="")
        jobs.defer(keys, afresh=True)
        what = f"{len(keys)} {model_ngettext(self.opts, len(keys))}"
        self.message_user(request, f"The worker will index {what}.", messages.SUCCESS)


@admin.register(DescriptorSpace)
class DescriptorSpaceAdmin(BriefDeletion):
    list_display = ("__str__", "method", "dimensions", "is_ready", "n_vectors", "created")
    readonly_fields = ("kind", "model", "pretrained", "method", "weights", "dimensions", "knows_words", "is_ready")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DescriptorSpace]:
        spaces: QuerySet[DescriptorSpace] = super().get_queryset(request)
        return spaces.annotate(n=Count("vectors"))

    @admin.display(description="vectors", ordering="n")
    def n_vectors(self, space: DescriptorSpace) -> int:
        return space.n  # type: ignore[attr-defined, no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Search)
class SearchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """That people search, not what they see: the pictures stay theirs."""

    list_display = ("last_asked", "owner", "visitor")
    list_select_related = ("owner",)
    date_hierarchy = "last_asked"
    fields = readonly_fields = ("owner", "visitor", "options", "last_asked")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
