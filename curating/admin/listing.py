"""The list of images: what its columns show, and what can be edited in its rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, Value, When
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from taggit.utils import edit_string_for_tags, parse_tags

from gallery.models import DescriptorSpace, GalleryImage, RegionVector
from gallery.web.forms import allowed_tags

TITLES_OF_THE_PUBLIC = Case(
    When(photo__is_public=True, then="title"), When(withdrawn__isnull=False, then="title"), default=Value("")
)


class ImageList(ChangeList):
    """Knows which spaces describe the images of its page; of people's own images it knows no titles."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """Where people's own images are listed, the order does not tell their titles."""
        if field_name == "title" and self.lists_private:
            return TITLES_OF_THE_PUBLIC
        return super().get_ordering_field(field_name)

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> Any:
        self.lists_private = bool(getattr(request.user, "is_superuser", False))
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        images = list(self.result_list)
        spaces = {space.pk: space.kind for space in DescriptorSpace.objects.filter(is_ready=True)}
        vectors = RegionVector.objects.filter(image__in=[image.pk for image in images], space__in=spaces)
        described = set(vectors.values_list("image", "space").distinct())
        for image in images:
            image.coverage = [(kind, (image.pk, space) in described) for space, kind in spaces.items()]
            if not image.is_curated:
                image.title = str(image)


class PlainInput(forms.TextInput):
    """Written without a template: a page has two hundred of them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        all_attrs = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<input type="{}" name="{}" value="{}"{}>', self.input_type, name, value or "", all_attrs)


class PlainHidden(PlainInput, forms.HiddenInput):
    """As plain, and not shown."""

    input_type = "hidden"


class PlainField(forms.CharField):
    """One line of text that comes back with what was shown."""

    widget = PlainInput
    hidden_widget = PlainHidden

    def __init__(self, **options: Any) -> None:
        super().__init__(show_hidden_initial=True, **options)


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Title and tags of an image in a row of the list.

    What was shown comes back with what is sent: only what the curator has changed is saved, and not what others have
    changed since the list was shown.
    """

    title = PlainField(max_length=200)
    tag_list = PlainField(label="Tags", max_length=2000, required=False)

    class Meta:
        model = GalleryImage
        fields = ("title",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        image: GalleryImage = self.instance
        is_row = bool(image.pk)
        if is_row and not image.is_curated:
            self.fields.clear()
        elif is_row:
            # Those that are prefetched: taggit's own field would ask for each row.
            self.initial["tag_list"] = edit_string_for_tags(image.tags.all())

    def clean_tag_list(self) -> list[str]:
        return allowed_tags(parse_tags(self.cleaned_data["tag_list"]))

    def _save_m2m(self) -> None:
        if "tag_list" in self.changed_data:
            self.instance.tags.set(self.cleaned_data["tag_list"])
