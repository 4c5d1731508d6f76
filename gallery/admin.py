"""Looking after the collection."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Case, Func, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from taggit.models import Tag

from gallery import jobs
from gallery.collection.importing import add_public
from gallery.models import DescriptorSpace, GalleryImage, RegionVector, Search
from gallery.models.tags import normalised
from gallery.web.forms import METADATA, NewImageForm, TaggedForm
from selector.imaging.imagefile import InvalidImage
from superpixel_site.model_admin import ModelAdmin

# Declared as any text: django-stubs looks literal names up, and does not know the fields of taggit.
TAGS: str = "tags"
OF_A_PRIVATE_IMAGE = ("photo_link", "visibility", "status", "error", "created")
# How many vectors a space has, to order by: an expression, where a count would be an attribute of each space.
N_VECTORS = Subquery(
    RegionVector.objects.filter(space=OuterRef("pk"))
    .order_by()
    .values(n=Func("pk", function="COUNT", output_field=IntegerField()))
)


class OfThePublic:
    """A filter that tells nothing of private images: neither in its choices nor by what it leaves."""

    used_parameters: dict[str, Any]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GalleryImage]) -> QuerySet[GalleryImage] | None:
        found: QuerySet[GalleryImage] | None = super().queryset(request, queryset)  # type: ignore[misc]
        return found.filter(photo__is_public=True) if found is not None and self.used_parameters else found


class TagFilter(OfThePublic, admin.RelatedFieldListFilter):
    TAKES = ("tags__id__exact", "tags__isnull")

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(public_tags().values_list("pk", "name"))


class LicenceFilter(OfThePublic, admin.AllValuesFieldListFilter):
    TAKES = ("licence", "licence__isnull")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = GalleryImage.objects.public().order_by("licence").values_list("licence", flat=True)
        self.lookup_choices = named.distinct()


def public_tags() -> QuerySet[Tag]:
    """The tags of the public collection, in order."""
    found: QuerySet[Tag] = Tag.objects.filter(galleryimage__in=GalleryImage.objects.public())
    return found.distinct().order_by("name")


@admin.register(GalleryImage)
class GalleryImageAdmin(ModelAdmin[GalleryImage]):
    """The public collection; of people's own images that they are there, and whether they are indexed."""

    form = TaggedForm
    list_display = ("thumbnail", "shown_title", "status", "error", "tag_list", "visibility", "created")
    list_display_links = ("thumbnail", "shown_title")
    list_filter = ("status", "photo__is_public", ("tags", TagFilter), ("licence", LicenceFilter))
    list_select_related = ("photo",)
    search_fields = ("title", "description", "creator", "tags__name")
    date_hierarchy = "created"
    list_per_page = 50
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ("reindex",)
    fields = ("photo_link", *METADATA, "status", "error")
    readonly_fields = ("photo_link", "status", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GalleryImage]:
        images = super().get_queryset(request).prefetch_related(TAGS)
        # Who curates needs to know of people's own images as little as that there are any.
        return images if request.user.is_superuser else images.filter(photo__is_public=True)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GalleryImage], search_term: str
    ) -> tuple[QuerySet[GalleryImage], bool]:
        searched = queryset.filter(photo__is_public=True) if search_term else queryset
        return super().get_search_results(request, searched, search_term)

    def has_change_permission(self, request: HttpRequest, obj: GalleryImage | None = None) -> bool:
        """People's own images are for themselves to change."""
        return super().has_change_permission(request, obj) and (obj is None or obj.photo.is_public)

    def get_fields(self, request: HttpRequest, obj: GalleryImage | None = None) -> Any:
        return OF_A_PRIVATE_IMAGE if obj and not obj.photo.is_public else super().get_fields(request, obj)

    def name_of(self, item: GalleryImage) -> str:
        return item.title if item.photo.is_public else str(item)

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

    def save_model(self, request: HttpRequest, obj: GalleryImage, form: ModelForm[GalleryImage], change: bool) -> None:
        """Save what the form has changed, and no other column: the worker may be setting the status right now."""
        obj.save(update_fields=[name for name in form.changed_data if name != "tags"])

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

    @admin.display(description="")
    def thumbnail(self, image: GalleryImage) -> str:
        if not image.photo.is_public:
            return "private"  # Not even for those who look after the site.
        address = reverse("selector:thumbnail", args=[image.photo_id, image.photo.version])
        return format_html('<img src="{}" alt="" height="64" loading="lazy">', address)

    @admin.display(description="photo")
    def photo_link(self, image: GalleryImage) -> str:
        if not image.photo.is_public:
            return str(image.photo)
        look = "Look at it on the site"
        return format_html('{} <a href="{}">{}</a>', self.thumbnail(image), image.get_absolute_url(), look)

    @admin.display(description="title", ordering=Case(When(photo__is_public=True, then="title"), default=Value("")))
    def shown_title(self, image: GalleryImage) -> str:
        return self.name_of(image)

    @admin.display(description="tags")
    def tag_list(self, image: GalleryImage) -> str:
        if not image.photo.is_public:
            return ""
        return ", ".join(sorted(tag.name for tag in image.tags.all()))

    @admin.display(description="public", boolean=True, ordering="photo__is_public")
    def visibility(self, image: GalleryImage) -> bool:
        return image.photo.is_public

    @admin.action(description="Index the selected images again")
    def reindex(self, request: HttpRequest, images: QuerySet[GalleryImage]) -> None:
        keys = list(images.values_list("pk", flat=True))
        GalleryImage.objects.filter(pk__in=keys).update(status=GalleryImage.Status.PENDING, error="")
        jobs.defer_indexing(keys, afresh=True)
        what = f"{len(keys)} {model_ngettext(self.opts, len(keys))}"
        self.message_user(request, f"The worker will index {what}.", messages.SUCCESS)


@admin.register(DescriptorSpace)
class DescriptorSpaceAdmin(ModelAdmin[DescriptorSpace]):
    list_display = ("__str__", "method", "dimensions", "is_ready", "n_vectors", "created")
    readonly_fields = ("kind", "model", "pretrained", "method", "weights", "dimensions", "knows_words", "is_ready")

    # A query for each space: there are two or three.
    @admin.display(description="vectors", ordering=N_VECTORS)
    def n_vectors(self, space: DescriptorSpace) -> int:
        return space.vectors.count()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Search)
class SearchAdmin(ModelAdmin[Search]):
    """Shows who searches and when: words, filters and pictures are private."""

    list_display = ("last_asked", "owner", "visitor")
    list_select_related = ("owner",)
    date_hierarchy = "last_asked"
    fields = readonly_fields = ("id", "owner", "visitor", "last_asked")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


# Its own page lists the tags of all images, and what each is on.
admin.site.unregister(Tag)


class TagForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of a tag, in the form that all tags have."""

    class Meta:
        model = Tag
        fields = ("name",)

    def clean_name(self) -> str:
        name = normalised(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("A tag needs a name.")
        if Tag.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a tag of this name.")
        return name


@admin.register(Tag)
class TagAdmin(ModelAdmin[Tag]):
    """The tags of the public collection. One that people have put on images of their own as well changes there, too."""

    form = TagForm
    list_display = ("name", "n_images")
    search_fields = ("name",)
    fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return public_tags()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    # A query for each tag of a page, as in the list of spaces.
    @admin.display(description="images")
    def n_images(self, tag: Tag) -> int:
        return GalleryImage.objects.public().tagged(tag.name).count()
