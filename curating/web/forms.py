"""All input of the pages for curators goes through these forms."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import TextChoices
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from taggit.forms import TagField

from curating.importing import Wanted
from curating.models import DuplicatePair, DuplicatePairQuerySet, ImportItem
from gallery.collection.importing import LONGEST_TAG, Details, check_size
from gallery.web.forms import LONGEST_DESCRIPTION, MOST_DIGITS, MOST_TAGS
from selector.imaging.imagefile import InvalidImage
from superpixel_site.forms import LenientForm, PageForm

MOST_FILES_AT_ONCE = 5000
# Suggestions: any other may be written.
LICENCES = ("CC0 1.0", "CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "Public domain")


class FilesForm(PageForm):
    """Which files of an import to show."""

    state = forms.ChoiceField(choices=ImportItem.State, required=False)

    @property
    def query(self) -> str:
        """What the addresses of the other pages have to keep."""
        state = self.given("state")
        return urlencode({"state": state}) if state else ""


class PairsForm(LenientForm):
    """Which pairs to show, and which of them first."""

    DIFFERENT = "different"

    show = forms.ChoiceField(choices=[*DuplicatePair.Kind.choices, (DIFFERENT, "not the same")], required=False)
    pair = forms.IntegerField(min_value=1, required=False)

    @property
    def pairs(self) -> DuplicatePairQuerySet:
        """The list that is shown."""
        show, public = self.given("show"), DuplicatePair.objects.public()
        if show == self.DIFFERENT:
            return public.filter(state=DuplicatePair.State.DIFFERENT)
        return public.proposed().filter(kind=show) if show else public.proposed()

    @property
    def address(self) -> str:
        """Of the list."""
        return self.address_of(None)

    def address_of(self, pair: DuplicatePair | None) -> str:
        """Of a pair within the list; without one, of the list."""
        asked = {"show": self.given("show"), "pair": pair.pk if pair else None}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{reverse('curating:duplicates')}{'?' if query else ''}{query}"


class DecisionForm(forms.Form):
    """What to do with a pair, and which of both images is kept."""

    class Decision(TextChoices):
        FOLD = "fold", "fold the other into it"
        KEEP = "keep", "keep it and delete the other"
        TAGS = "tags", "merge the tags"
        DIFFERENT = "different", "not the same"
        PROPOSE = "propose", "propose again"

    DELETING = (Decision.FOLD, Decision.KEEP)

    decision = forms.ChoiceField(choices=Decision, error_messages={"required": "Choose what to do with the two."})
    kept = forms.IntegerField(required=False)
    confirmed = forms.BooleanField(required=False)


class TagsField(TagField):  # type: ignore[misc]  # taggit has no types
    """Tags, separated by commas."""

    def clean(self, value: Any) -> list[str]:
        tags: list[str] = super().clean(value)
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(f"An image can have {MOST_TAGS} tags; these are {len(tags)}.")
        if too_long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise forms.ValidationError(f"“{too_long[:20]}…” is too long: a tag has at most {LONGEST_TAG} characters.")
        return tags


class ForAllForm(forms.Form):
    """What is said of everything that is added."""

    tags = TagsField(required=False, help_text="Separated by commas.")
    licence = forms.CharField(
        max_length=200,
        required=False,
        widget=forms.TextInput({"list": "licences"}),
        help_text="Where a manifest names none.",
    )

    @property
    def wanted(self) -> Wanted:
        """The same, as a valid form holds it."""
        return Wanted(tags=tuple(self.cleaned_data["tags"]), licence=self.cleaned_data["licence"])


class AddForm(ForAllForm):
    """What a browser without JavaScript sends; the files themselves are counted by the view."""

    upload = forms.FileField(error_messages={"required": "Choose pictures or a ZIP archive first."})


class AnnouncedForm(ForAllForm):
    """What files a script is about to send, as pairs of path and size."""

    announced = forms.JSONField()

    def clean_announced(self) -> list[tuple[str, int]]:
        """Refuse what is no list of such pairs, or one that is too long."""
        files = self.cleaned_data["announced"]
        if not isinstance(files, list) or not all(map(_is_path_and_size, files)):
            raise forms.ValidationError("That list of files cannot be read.")
        if not 0 < len(files) <= MOST_FILES_AT_ONCE:
            raise forms.ValidationError(
                f"At most {MOST_FILES_AT_ONCE:,} files can be added at once: put more into a ZIP archive."
            )
        return [(path, n_bytes) for path, n_bytes in files]


def _is_path_and_size(pair: object) -> bool:
    match pair:
        case [str() as path, int() as n_bytes]:
            return bool(path) and n_bytes >= 0
    return False


class ArchiveForm(ForAllForm):
    """Which archive a script is about to send in parts."""

    name = forms.CharField(max_length=1000)
    n_bytes = forms.IntegerField(min_value=1)

    def clean_n_bytes(self) -> int:
        """Refuse what is too large before a part of it comes."""
        n_bytes: int = self.cleaned_data["n_bytes"]
        if n_bytes > settings.MAX_ARCHIVE_BYTES:
            most = settings.MAX_ARCHIVE_BYTES // 2**20
            raise forms.ValidationError(
                f"The archive is larger than {most:,} MB: put less into one, or use the command import_images."
            )
        return n_bytes


class FileForm(forms.Form):
    """One of the files that were announced."""

    path = forms.CharField(max_length=2000, strip=False)
    image = forms.FileField(allow_empty_file=True)

    def clean_image(self) -> UploadedFile[bytes]:
        """Refuse what is larger than was announced before it is read into memory."""
        file: UploadedFile[bytes] = self.cleaned_data["image"]
        try:
            check_size(file.size or 0)
        except InvalidImage as problem:
            raise forms.ValidationError(str(problem)) from problem
        return file


class PartForm(forms.Form):
    """A part of an archive, and where it begins."""

    offset = forms.IntegerField(min_value=0)
    image = forms.FileField()

    @property
    def part(self) -> UploadedFile[bytes]:
        """The part that a valid form holds."""
        file: UploadedFile[bytes] = self.cleaned_data["image"]
        return file


class OfferForm(forms.Form):
    """What is to be said of a photo in the public collection, and that it may be there."""

    title = forms.CharField(max_length=200)
    description = forms.CharField(widget=forms.Textarea({"rows": 3}), max_length=LONGEST_DESCRIPTION, required=False)
    creator = forms.CharField(max_length=200, help_text="Who made it, as it is to be named beside it.")
    licence = forms.CharField(
        max_length=200,
        widget=forms.TextInput({"list": "licences"}),
        help_text="What others may do with it: “CC BY 4.0”, say.",
    )
    tags = TagsField(required=False, help_text="Separated by commas.")
    consent = forms.BooleanField(
        label="I may publish it under this licence",
        error_messages={"required": "Say that you may publish it, or do not offer it."},
    )

    @property
    def details(self) -> Details:
        """What a valid form says of the photo."""
        known = {name: self.cleaned_data[name] for name in ("title", "description", "creator", "licence")}
        return Details(**known, tags=tuple(self.cleaned_data["tags"]))


class ReviewForm(forms.Form):
    """What is decided about which offers."""

    offer = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Choose an offer first.", "invalid_choice": "No such offer."}
    )
    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    reason = forms.CharField(max_length=1000, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        # Whether they wait is the view's question.
        chosen = cast(forms.TypedMultipleChoiceField, self.fields["offer"])
        keys = [key for key in data.getlist("offer") if key.isdecimal() and len(key) < MOST_DIGITS]
        chosen.choices = [(key, key) for key in keys]

    def clean(self) -> dict[str, Any]:
        """Refuse a rejection without a reason: the person reads it."""
        given = super().clean() or {}
        if given.get("decision") == "reject" and not given.get("reason"):
            raise forms.ValidationError("Say why: whoever has offered it reads that.")
        return given


class RetryForm(LenientForm):
    """Which failed images to try again: those of a reason; without one, those of people's own that failed."""

    reason = forms.CharField(required=False, strip=False)

    @property
    def chosen(self) -> str | None:
        """The reason; None for people's own images."""
        return self.given("reason") or None
