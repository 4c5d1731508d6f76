"""Looking after spaces, searches and tags; the images themselves are looked after in the app above for curators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Exists, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from taggit.models import Tag

from gallery.models import DescriptorSpace, GalleryImage, RegionVector, Search
from gallery.models.tags import normalised
from superpixel_site.model_admin import ModelAdmin

# How many vectors a space has, to order by: an expression, where a count would be an attribute of each space.
N_VECTORS = Subquery(
    RegionVector.objects.filter(space=OuterRef("pk"))
    .order_by()
    .values(n=Func("pk", function="COUNT", output_field=IntegerField()))
)


def public_tags() -> QuerySet[Tag]:
    """The tags of the public collection, in order."""
    tagged = GalleryImage.tags.through.objects.filter(
        tag=OuterRef("pk"), object_id__in=GalleryImage.objects.public().order_by().values("pk")
    )
    found: QuerySet[Tag] = Tag.objects.filter(Exists(tagged))
    return found.order_by("name")


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


class TagList(ChangeList):
    """Knows how many public images the tags of its page are on."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        counted = GalleryImage.tags.through.objects.filter(
            tag__in=[tag.pk for tag in self.result_list], object_id__in=GalleryImage.objects.public().order_by()
        )
        n_public = dict(counted.order_by().values_list("tag").annotate(Count("pk")))
        for tag in self.result_list:
            tag.n_public = n_public.get(tag.pk, 0)


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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TagList

    @admin.display(description="images")
    def n_images(self, tag: Tag) -> int:
        n: int = tag.n_public
        return n
