"""Looking after photos, label maps and links: of what is private whose it is, how much and since when; no more."""

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
    list_display = ("thumbnail", "shown_name", "owner", "is_public", "original_type", "size", "n_bytes", "created")
    list_display_links = ("thumbnail", "shown_name")
    list_filter = ("is_public", "original_type")
    list_select_related = ("owner",)
    search_fields = ("id__startswith", "owner__username", "original_sha256")
    search_help_text = "The beginning of a photo's id, its owner's user name, or the SHA-256 of its file."
    date_hierarchy = "created"
    fields = readonly_fields = (
        *("id", "shown_name", "owner", "visitor", "is_public", "created"),
        *("original_type", "original_sha256", "size", "n_bytes", "quarter_turns"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        photos = super().get_queryset(request)
        # Who curates needs to know of people's own photos as little as that there are any.
        return photos if request.user.is_superuser else photos.filter(is_public=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="")
    def thumbnail(self, photo: Photo) -> str:
        if not photo.is_public:
            return "private"
        address = reverse("selector:thumbnail", args=[photo.pk, photo.version])
        return format_html('<img src="{}" alt="" height="64" loading="lazy">', address)

    @admin.display(description="name")
    def shown_name(self, photo: Photo) -> str:
        return photo.name if photo.is_public else str(photo)

    @admin.display(description="bytes", ordering="original_bytes")
    def n_bytes(self, photo: Photo) -> int:
        return photo.original_bytes + photo.working_bytes

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
    search_fields = ("owner__username",)
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
