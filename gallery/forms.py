"""All input of the gallery, query strings included, goes through these forms."""

from __future__ import annotations

from typing import Any

from django import forms

from gallery.collection import known_public, readable_title
from gallery.models import GalleryImage
from selector.imagefile import InvalidImage
from selector.photos import store_photo

LARGEST_KEY = 2**63 - 1


class Lenient(forms.Form):
    """Parameters of a page that is only looked at: what cannot be read is left out, never an error."""

    def given(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name)


class PageForm(Lenient):
    """Which part of a list to show."""

    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    @property
    def number(self) -> int:
        return self.given("page") or 1


class GalleryForm(PageForm):
    """What of the collection to show."""

    tag = forms.CharField(max_length=100, required=False)
    mine = forms.BooleanField(required=False)


class DetailsForm(Lenient):
    """Which region of an image to show."""

    region = forms.IntegerField(min_value=1, max_value=LARGEST_KEY, required=False)


class MetadataForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is known about an image, as its owner tells it."""

    source_url = forms.URLField(label="Source", max_length=500, required=False, assume_scheme="https")

    class Meta:
        model = GalleryImage
        fields = ("title", "description", "creator", "licence", "source_url", "taken", "tags")
        labels = {"taken": "Date"}
        help_texts = {"tags": "Separated by commas."}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            "taken": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def save(self, commit: bool = True) -> GalleryImage:
        """Save these columns alone: the worker may be setting the image's status right now."""
        image: GalleryImage = super().save(commit=False)
        if commit:
            image.save(update_fields=[name for name in self.Meta.fields if name != "tags"])
            self.save_m2m()
        return image


class NewImageForm(forms.ModelForm):  # type: ignore[type-arg]
    """An image file and what is known about it, for the public collection."""

    image = forms.FileField(help_text="JPEG, PNG or WebP.")
    title = forms.CharField(max_length=200, required=False, help_text="Made from the file's name when left empty.")
    source_url = forms.URLField(label="Source", max_length=500, required=False, assume_scheme="https")

    class Meta:
        model = GalleryImage
        fields = ("title", "description", "creator", "licence", "source_url", "taken", "tags")

    def clean(self) -> dict[str, Any]:
        """Store the photo, last of all: nothing stays behind when something else is wrong."""
        given = super().clean() or {}
        if not self.errors:
            try:
                self._store(given)
            except InvalidImage as problem:
                self.add_error("image", str(problem))
        return given

    def _store(self, given: dict[str, Any]) -> None:
        file = given["image"]
        data = file.read()
        if known := known_public(data):
            raise InvalidImage(f"This image is in the collection already: “{known.title}”.")
        given["title"] = given["title"] or readable_title(file.name)[:200]
        self.instance.photo = store_photo(data, file.name, is_public=True)
