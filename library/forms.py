"""Input of the pages about a person's own photos."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from library.listed import KINDS
from selector.imaging.turns import Box
from selector.selection.geometry import Point
from selector.services.details import SMALLEST_SIDE
from selector.web.forms import PointsField
from superpixel_site import file_names
from superpixel_site.forms import PageForm

NEWEST = "newest"
SORTS = {
    NEWEST: ("Newest first", "-created"),
    "oldest": ("Oldest first", "created"),
    "name": ("By name", "name"),
}
NO_BOX = "Draw a box on the picture first."


class UploadForm(forms.Form):
    image = forms.FileField(
        error_messages={
            "required": "Choose a picture first.",
            "empty": "That file is empty. Choose another one.",
            "missing": "Choose a picture first.",
        }
    )

    def clean_image(self) -> UploadedFile[bytes]:
        """Refuse what is too large before a byte of it is read into memory."""
        file: UploadedFile[bytes] = self.cleaned_data["image"]
        if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(
                f"That file is larger than {settings.MAX_UPLOAD_BYTES // 2**20} MB. Choose or export a smaller one."
            )
        return file


class PhotoListForm(PageForm):
    """Which of a person's photos to list, and in which order."""

    q = forms.CharField(max_length=200, required=False)
    kind = forms.ChoiceField(choices=[(name, label) for name, (label, _) in KINDS.items()], required=False)
    tag = forms.CharField(max_length=100, required=False)
    sort = forms.ChoiceField(choices=[(name, label) for name, (label, _) in SORTS.items()], required=False)

    @property
    def sorting(self) -> str:
        return self.given("sort") or NEWEST

    @property
    def asked(self) -> dict[str, str]:
        """What the addresses of the other pages have to keep."""
        return {name: value for name in ("q", "kind", "tag", "sort") if (value := self.given(name))}


class StayForm(forms.Form):
    """Whether the list of photos stays on the screen, or the photo's workspace opens."""

    stay = forms.BooleanField(required=False)

    @property
    def value(self) -> bool:
        return self.is_valid() and self.cleaned_data["stay"]


class PointForm(forms.Form):
    """Where a sample was clicked, in pixels of its working copy; nowhere for who comes by keys."""

    points = PointsField(required=False)

    @property
    def point(self) -> Point | None:
        return next(iter(self.cleaned_data["points"]), None)


class RenameForm(forms.Form):
    name = forms.CharField(error_messages={"required": "A photo needs a name."})

    def clean_name(self) -> str:
        name = file_names.readable(self.cleaned_data["name"])
        if not file_names.shows(name):
            raise forms.ValidationError("A photo needs a name.")
        if not file_names.is_short_enough(name):
            raise forms.ValidationError(f"That name is too long; {file_names.LETTERS} letters are allowed.")
        return name


class PhotosForm(forms.Form):
    """Photos chosen in a list."""

    photo = forms.TypedMultipleChoiceField(
        coerce=uuid.UUID, error_messages={"required": "Choose a photo first.", "invalid_choice": "No such photo."}
    )
    # That the person has been asked about what goes with them.
    confirmed = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        # Whether they exist, and whose they are, is the view's question.
        chosen = cast(forms.TypedMultipleChoiceField, self.fields["photo"])
        chosen.choices = [(key, key) for key in data.getlist("photo") if _is_uuid(key)]


class ChoiceForm(forms.Form):
    """Whether the person's searches are to find what they add."""

    finds_new = forms.ChoiceField(
        choices=[("yes", "yes"), ("no", "no")],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Say yes or no."),
    )


class DetailForm(forms.Form):
    """A box on a photo, in pixels of its original as the photo is turned.

    Parameters
    ----------
    data : QueryDict
    size : (width, height)
        Of the original.
    most_pixels : int
        That a detail may have.
    """

    # Which working copy the page showed: a turned photo has another.
    version = forms.CharField(max_length=64)
    left = forms.IntegerField()
    top = forms.IntegerField()
    width = forms.IntegerField()
    height = forms.IntegerField()

    def __init__(self, data: QueryDict, size: tuple[int, int], most_pixels: int) -> None:
        super().__init__(data)
        self._size, self._most_pixels = size, most_pixels
        for field in self.fields.values():
            field.error_messages |= {"required": NO_BOX, "invalid": NO_BOX}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        if min(given["width"], given["height"]) < SMALLEST_SIDE:
            raise forms.ValidationError(
                f"That is too small for a detail: {SMALLEST_SIDE} pixels of the original a side are the least."
            )
        left, top, right, bottom = self.box
        if left < 0 or top < 0 or right > self._size[0] or bottom > self._size[1]:
            raise forms.ValidationError("That box reaches beyond the picture. Draw it inside.")
        if given["width"] * given["height"] > self._most_pixels:
            most = self._most_pixels / 1e6
            raise forms.ValidationError(f"A detail has at most {most:g} megapixels. Draw a smaller box.")
        return given

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1."""
        given = self.cleaned_data
        return given["left"], given["top"], given["left"] + given["width"], given["top"] + given["height"]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
