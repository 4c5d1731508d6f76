"""Photos and label maps, to be looked after but never looked at: people's photos are private."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from selector.models import LabelMap, Photo, SharedSelection


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("thumbnail", "name", "owner", "is_public", "original_type", "size", "created")
    list_display_links = ("thumbnail", "name")
    list_filter = ("is_public", "original_type")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username", "original_sha256")
    date_hierarchy = "created"
    fields = readonly_fields = (
        *("name", "owner", "visitor", "is_public", "created"),
        *("original_type", "original_sha256", "size", "quarter_turns"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="")
    def thumbnail(self, photo: Photo) -> str:
        if not photo.is_public:
            return "private"
        address = reverse("selector:thumbnail", args=[photo.pk, photo.version])
        return format_html('<img src="{}" alt="" height="64" loading="lazy">', address)

    @admin.display(description="size")
    def size(self, photo: Photo) -> str:
        return f"{photo.width} × {photo.height}"


@admin.register(LabelMap)
class LabelMapAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Derived: deleting one makes it be computed again, but what was selected on it goes along."""

    list_display = ("photo", "engine", "parameters", "n_superpixels", "created")
    list_filter = ("engine",)
    list_select_related = ("photo",)
    fields = readonly_fields = ("photo", "engine", "parameters", "n_superpixels", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(SharedSelection)
class SharedSelectionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who shares which photo, to end a link that does harm; nothing here opens one."""

    list_display = ("created", "photo", "owner", "n_copies")
    list_select_related = ("owner",)
    search_fields = ("owner__username", "label_map__photo__name")
    date_hierarchy = "created"
    fields = readonly_fields = ("photo", "owner", "visitor", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedSelection]:
        return SharedSelection.objects.with_copies().select_related("owner", "label_map__photo")

    @admin.display(description="copies", ordering="n_copies")
    def n_copies(self, link: SharedSelection) -> int:
        return link.n_copies  # type: ignore[attr-defined, no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
