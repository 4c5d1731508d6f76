"""Looking after photos, label maps and links, without seeing any private photo."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Func, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from selector.models import LabelMap, Photo, SharedSelection
from superpixel_site.model_admin import ModelAdmin

# How many copies of a link there are, to order by: an expression, where a count would be an attribute of each link.
N_COPIES = Subquery(
    Photo.objects.filter(opened_from=OuterRef("pk"))
    .order_by()
    .values(n=Func("pk", function="COUNT", output_field=IntegerField()))
)


@admin.register(Photo)
class PhotoAdmin(ModelAdmin[Photo]):
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
class LabelMapAdmin(ModelAdmin[LabelMap]):
    """A deleted label map is computed again when it is needed; the selections on it are deleted with it."""

    list_display = ("photo", "engine", "parameters", "n_superpixels", "created")
    list_filter = ("engine",)
    list_select_related = ("photo",)
    fields = readonly_fields = ("photo", "engine", "parameters", "n_superpixels", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(SharedSelection)
class SharedSelectionAdmin(ModelAdmin[SharedSelection]):
    """Who shares which photo: deleting a link here ends it. Nothing here opens one."""

    list_display = ("created", "photo", "owner", "n_copies")
    list_select_related = ("owner", "label_map__photo")
    search_fields = ("owner__username", "label_map__photo__name")
    date_hierarchy = "created"
    fields = readonly_fields = ("photo", "owner", "visitor", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedSelection]:
        copies = Prefetch("copies", Photo.objects.only("opened_from"))
        return super().get_queryset(request).prefetch_related(copies)

    @admin.display(description="copies", ordering=N_COPIES)
    def n_copies(self, link: SharedSelection) -> int:
        return len(link.copies.all())  # Prefetched: counting in the database would be a query for each link.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
