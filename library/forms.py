"""Input of the pages about a person's own photos."""

from __future__ import annotations

import uuid
from typing import cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict


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


class StayForm(forms.Form):
    """Whether the list of photos stays on the screen, or the photo's workspace opens."""

    stay = forms.BooleanField(required=False)

    @property
    def value(self) -> bool:
        return self.is_valid() and self.cleaned_data["stay"]


class RenameForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        error_messages={
            "required": "A photo needs a name.",
            "max_length": "That name is too long; 200 characters are allowed.",
        },
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


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


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
