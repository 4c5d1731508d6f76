"""Looking after the collection."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from curating.admin import filters
from curating.admin.actions import ChangeForm, action
from curating.admin.listing import ImageList, RowForm
from curating.admin.tables import TablesMixin
from curating.changes import CHANGES
from gallery.collection.importing import add_public
from gallery.models import GalleryImage, GalleryImageQuerySet
from gallery.web.forms import METADATA, NewImageForm, TaggedForm
from selector.imaging.imagefile import InvalidImage
from superpixel_site.model_admin import ModelAdmin

# Declared as any text: django-stubs looks literal names up, and does not know the fields of taggit.
TAGS: str = "tags"
OF_A_PRIVATE_IMAGE = ("photo_link", "status", "error", "created")
ENTRIES_SHOWN = 20
LONGEST_ERROR = 80


@admin.register(GalleryImage)
class GalleryImageAdmin(TablesMixin, ModelAdmin[GalleryImage]):
    """The public collection and what is withdrawn; of people's own that there are some, and if they are indexed."""

    form = TaggedForm
    action_form = ChangeForm
    list_display = ("thumbnail", "title", "tag_list", "state", "coverage", "credit", "created")
    list_display_links = ("thumbnail",)
    list_editable = ("title",)
    list_filter = (
        filters.SearchFilter,
        "status",
        filters.WhereFilter,
        filters.TagFilter,
        filters.LicenceFilter,
        filters.CreatorFilter,
        filters.MadeFilter,
        "created",
    )
    list_select_related = ("photo",)
    search_fields = ("title", "description", "creator", "tags__name")
    search_help_text = "Words, or their beginnings, in titles, descriptions, creators and tags."
    list_per_page = 40
    # Each would be counted for each choice of each filter.
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 100
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fields = ("photo_link", *METADATA, "state", "error", "changes")
    readonly_fields = ("photo_link", "state", "status", "error", "changes")

    class Media:
        css = {"all": ("css/admin.css",)}

    # What is listed

    def get_queryset(self, request: HttpRequest) -> QuerySet[GalleryImage]:
        images = cast(GalleryImageQuerySet, super().get_queryset(request)).prefetch_related(TAGS)
        # Who curates needs to know of people's own images as little as that there are any.
        return images if request.user.is_superuser else images.curated()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ImageList

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return RowForm

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GalleryImage], search_term: str
    ) -> tuple[QuerySet[GalleryImage], bool]:
        words = search_term.replace("\0", "").strip()
        return (filters.public_of(queryset).saying(words) if words else queryset), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        may = {"delete_selected": self.has_delete_permission(request)}
        changes = self.has_change_permission(request)
        return {name: action(name) for name in CHANGES if may.get(name, changes)}

    @admin.display(description="")
    def thumbnail(self, image: GalleryImage) -> str:
        if not image.is_curated:
            return "private"  # Not even for those who look after the site.
        if image.photo.is_public:
            address = reverse("selector:thumbnail", args=[image.photo_id, image.photo.version])
        else:
            address = reverse("curating:thumbnail", args=[image.pk])
        return format_html('<img class="thumbnail" src="{}" alt="Image {}" loading="lazy">', address, image.pk)

    @admin.display(description="status")
    def state(self, image: GalleryImage) -> str:
        status = image.get_status_display()
        if not image.is_curated:
            return status
        error = image.error if len(image.error) <= LONGEST_ERROR else f"{image.error[:LONGEST_ERROR]}…"
        said = [("withdrawn", "Withdrawn" if image.withdrawn else ""), ("status", status), ("why", error)]
        return format_html_join("", '<span class="{}">{}</span>', ((kind, text) for kind, text in said if text))

    @admin.display(description="tags")
    def tag_list(self, image: GalleryImage) -> str:
        """What is shown where nobody may change it; else the row has a field of this name."""
        return ", ".join(sorted(tag.name for tag in image.tags.all())) if image.is_curated else ""

    @admin.display(description="described by")
    def coverage(self, image: GalleryImage) -> str:
        spaces = getattr(image, "coverage", [])
        rows = ((label, "has" if has else "lacks", "✓" if has else "–") for label, has in spaces)
        return format_html_join("", '<span class="space">{} <span class="{}">{}</span></span>', rows)

    @admin.display(description="creator, licence")
    def credit(self, image: GalleryImage) -> str:
        """Each a link to all images that have the same."""
        said = [("creator", image.creator), ("licence", image.licence)] if image.is_curated else []
        rows = ((urlencode({name: value}), value) for name, value in said if value)
        return format_html_join("", '<a href="?{}">{}</a>', rows)

    # One image

    def has_change_permission(self, request: HttpRequest, obj: GalleryImage | None = None) -> bool:
        """People's own images are for themselves to change."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_curated)

    def get_fields(self, request: HttpRequest, obj: GalleryImage | None = None) -> Any:
        return OF_A_PRIVATE_IMAGE if obj and not obj.is_curated else super().get_fields(request, obj)

    def name_of(self, item: GalleryImage) -> str:
        return item.title if item.is_curated else str(item)

    @admin.display(description="photo")
    def photo_link(self, image: GalleryImage) -> str:
        if not image.photo.is_public:
            return self.thumbnail(image) if image.is_curated else str(image.photo)
        look = "Look at it on the site"
        return format_html('{} <a href="{}">{}</a>', self.thumbnail(image), image.get_absolute_url(), look)

    @admin.display(description="changed by")
    def changes(self, image: GalleryImage) -> str:
        """Who changed what, the latest first."""
        entries = LogEntry.objects.filter(object_id=str(image.pk), content_type__model="galleryimage")
        shown = entries.filter(content_type__app_label="gallery").select_related("user")[:ENTRIES_SHOWN]
        rows = ((f"{entry.action_time:%Y-%m-%d %H:%M}", entry.user, entry.get_change_message()) for entry in shown)
        listed = format_html_join("", "<li>{} · {} · {}</li>", rows)
        return format_html('<ul class="changes">{}</ul>', listed) if listed else "Nothing has been changed here."

    def save_model(self, request: HttpRequest, obj: GalleryImage, form: ModelForm[GalleryImage], change: bool) -> None:
        """Save what the form has changed, and no other column: the worker may be setting the status right now."""
        obj.save(update_fields=[name for name in form.changed_data if name not in ("tags", "tag_list")])

    # A new image

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page that adds an image.

        Not Django's own, which saves within a transaction and cannot show what goes wrong then: `add_public` has a
        transaction of its own, and what it refuses is shown beside the field.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        form_class = cast(type[NewImageForm], self.get_form(request, form=NewImageForm, fields=("image", *METADATA)))
        if request.method == "POST":
            form = form_class(request.POST, request.FILES)
        else:
            form = form_class(initial=self.get_changeform_initial_data(request))
        if form.is_valid() and (image := self.added(form)):
            self.log_addition(request, image, [{"added": {}}])
            return self.response_add(request, image)
        context = self.context_of(request, form) | (extra_context or {})
        return self.render_change_form(request, context, add=True, form_url=form_url)

    def added(self, form: NewImageForm) -> GalleryImage | None:
        """The new image, or None when the form has got an error that says why there is none."""
        file = form.cleaned_data["image"]
        try:
            image, is_new = add_public(file.read(), file.name, form.details)
        except InvalidImage as problem:
            form.add_error("image", str(problem))
            return None
        if not is_new:
            form.add_error("image", f"This image is in the collection already: “{image.title}”.")
            return None
        return image

    def context_of(self, request: HttpRequest, form: NewImageForm) -> dict[str, Any]:
        """What the admin's template needs to show the form."""
        shown = AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=self)
        return self.admin_site.each_context(request) | {
            "title": f"Add {self.opts.verbose_name}",
            "adminform": shown,
            "errors": AdminErrorList(form, []),
            "inline_admin_formsets": [],
            "media": self.media + shown.media,
            "preserved_filters": self.get_preserved_filters(request),
        }
