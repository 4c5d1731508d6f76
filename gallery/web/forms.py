"""All input of the gallery, query strings included, goes through these forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from gallery.collection.importing import LONGEST_TAG, Details, check_size
from gallery.models import GalleryImage, Search
from gallery.search.options import FILTERS, Options
from gallery.search.parts import MOST_PARTS
from gallery.search.presets import CUSTOM, KIND, PRESETS, THING, default_balance
from gallery.search.shelf import NEWEST, SORTS
from selector.imaging.imagefile import InvalidImage
from superpixel_site.forms import LenientForm, PageForm

if TYPE_CHECKING:
    ImageModelForm = forms.ModelForm[GalleryImage]
else:
    ImageModelForm = forms.ModelForm

# What a person can say about an image, in the order of the forms.
METADATA = ("title", "description", "creator", "licence", "source_url", "taken", "tags")
MOST_TAGS = 50
LONGEST_DESCRIPTION = 10_000
LARGEST_KEY = 2**63 - 1
LARGEST_NODE = 2**16 - 1
MOST_DIGITS = len(str(LARGEST_KEY))


class WordsForm(PageForm):
    """Words to look for in the collection, and filters: as an address has them."""

    q = forms.CharField(max_length=200, required=False)
    tag = forms.CharField(max_length=100, required=False)
    licence = forms.CharField(max_length=200, required=False)
    creator = forms.CharField(max_length=200, required=False)
    first = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    last = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    mine = forms.BooleanField(required=False)
    # The answer replaces that on its own page, where there is no drawer to close; or only more hits are wanted.
    alone = forms.BooleanField(required=False)
    more = forms.BooleanField(required=False)

    @property
    def options(self) -> Options:
        """The words and filters; what cannot be read is left out."""
        given = {name: self.given(name) for name in FILTERS}
        return Options(words=self.given("q") or "", **{name: value for name, value in given.items() if value})


class ShelfForm(WordsForm):
    """What of the collection to show in the library, and in which order."""

    sort = forms.ChoiceField(choices=[(name, label) for name, (label, _) in SORTS.items()], required=False)

    @property
    def sorting(self) -> str:
        return self.given("sort") or NEWEST


class RegionsField(forms.Field):
    """Keys of regions, one for each part that was searched for: "12" or "12-15"."""

    def to_python(self, value: str | None) -> list[int]:
        keys = (value or "").split("-") if value else []
        if len(keys) > MOST_PARTS or not all(map(self._is_key, keys)):
            raise forms.ValidationError("That region cannot be read.")
        return [int(key) for key in keys]

    @staticmethod
    def _is_key(text: str) -> bool:
        # isdecimal() takes digits of every script, as int() does; int() refuses more than 4,300 of them.
        return text.isdecimal() and len(text) <= MOST_DIGITS and 0 < int(text) <= LARGEST_KEY


class DetailsForm(LenientForm):
    """Which regions of an image to show, whether the drawer of a workspace is behind the pop-up, and for which search
    to show the points that match."""

    region = RegionsField(required=False)
    node = forms.IntegerField(min_value=0, max_value=LARGEST_NODE, required=False)
    drawer = forms.BooleanField(required=False)
    search = forms.UUIDField(required=False)


class HighlightForm(LenientForm):
    """Which other regions of the same image matched, too, or which node of its tree to draw; and whether to draw as
    large as the photo."""

    also = RegionsField(required=False)
    node = forms.IntegerField(min_value=0, max_value=LARGEST_NODE, required=False)
    full = forms.BooleanField(required=False)


class RegionForm(forms.Form):
    """Which region of an image is meant, or which node of its tree; none means the whole image.

    And which search found it, whose hits stay beside it.
    """

    search = forms.UUIDField(required=False)

    region = RegionsField(required=False)
    node = forms.IntegerField(min_value=0, max_value=LARGEST_NODE, required=False)


class AnswerForm(PageForm):
    """Which page of which stored ranking to show, and whether it is shown in the drawer of a workspace.

    `shown` asks for all pages up to that one: who comes back finds the hits they had.
    """

    shown = forms.IntegerField(min_value=1, max_value=50, required=False)
    drawer = forms.BooleanField(required=False)
    kept = forms.IntegerField(min_value=1, max_value=LARGEST_KEY, required=False)
    checked = forms.BooleanField(required=False)


class CheckForm(AnswerForm):
    """Which stored ranking to check, how many pages of it the person has in view, and whether that has begun."""

    shown = forms.IntegerField(min_value=1, max_value=10_000, required=False)
    begun = forms.BooleanField(required=False)


class FeedbackForm(forms.Form):
    """Feedback on a hit: `like` or `dislike` names the regions that matched; or all feedback is to be forgotten."""

    like = RegionsField(required=False)
    dislike = RegionsField(required=False)
    forget = forms.BooleanField(required=False)
    # Given in the pop-up, whose buttons tell it, too.
    popup = forms.BooleanField(required=False)
    # Each page of hits that the person has in view says its number, and the last one given counts.
    shown = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse more or less than one kind of feedback."""
        given = super().clean() or {}
        if not self.errors and sum(bool(given[name]) for name in ("like", "dislike", "forget")) != 1:
            raise forms.ValidationError("Say which image you like, or which one you do not.")
        return given

    @property
    def pages(self) -> int:
        """The last page of hits that the person has in view."""
        return self.cleaned_data["shown"] or 1

    @property
    def region_ids(self) -> list[int]:
        """The regions of the hit, one for each part."""
        keys: list[int] = self.cleaned_data["like"] or self.cleaned_data["dislike"]
        return keys


class SearchNameForm(forms.Form):
    """What a person calls a search; nothing takes the name away."""

    name = forms.CharField(
        max_length=Search.LONGEST_NAME,
        required=False,
        error_messages={"max_length": f"That name is too long; {Search.LONGEST_NAME} letters are allowed."},
    )


class PinForm(LenientForm):
    """Whether a search is to stay before all others."""

    on = forms.BooleanField(required=False)

    @property
    def value(self) -> bool:
        return bool(self.given("on"))


class DiscardedForm(LenientForm):
    """Which search was deleted a moment ago."""

    deleted = forms.UUIDField(required=False)


class DayField(forms.DateField):
    """A day as browsers send it."""

    def __init__(self, label: str) -> None:
        error = {"invalid": "That is not a date: write it as 2024-05-31."}
        widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget, error_messages=error)


# Fields of the controls that are no options: they change others.
NO_OPTIONS = ("drop_filters", "same_thing", "chip")


class OptionsForm(forms.Form):
    """The controls of the drawer."""

    balance = forms.IntegerField(
        min_value=0, max_value=100, required=False, error_messages={"invalid": "The slider is broken: use a number."}
    )
    preset = forms.ChoiceField(
        choices=[(name, name) for name in (*PRESETS, CUSTOM)],
        required=False,
        error_messages={"invalid_choice": "Say what you mean: the same thing, the same kind, or the same look."},
    )
    same_thing = forms.BooleanField(required=False)
    apart = forms.BooleanField(label="As separate parts", required=False)
    words = forms.CharField(label="And words", max_length=200, required=False)
    tag = forms.CharField(max_length=100, required=False)
    licence = forms.CharField(max_length=200, required=False)
    creator = forms.CharField(max_length=200, required=False)
    first = DayField("Made from")
    last = DayField("To")
    mine = forms.BooleanField(label="Only mine", required=False)
    drop_filters = forms.BooleanField(required=False)
    # One filter more, or one less: "tag=cat" or "tag=". It counts before the field of that name.
    chip = forms.CharField(max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            raise forms.ValidationError("The first day lies after the last: swap them.")
        name, _, value = (given.get("chip") or "").partition("=")
        if name in FILTERS:
            given[name] = self.fields[name].clean(value)
        return given

    @property
    def options(self) -> Options:
        """The options that a valid form holds.

        The slider counts where it is chosen, or nothing is; one that stands where it stood from the start sets nothing.
        """
        given = {name: value for name, value in self.cleaned_data.items() if name not in NO_OPTIONS}
        chosen = THING.name if self.cleaned_data["same_thing"] else given["preset"]
        given["preset"] = "" if chosen in (CUSTOM, KIND.name) else chosen
        if chosen not in ("", CUSTOM) or given["balance"] == default_balance():
            given["balance"] = None
        options = Options(**given)
        return options.without_filters() if self.cleaned_data["drop_filters"] else options


def allowed_tags(tags: list[str]) -> list[str]:
    """The tags of an image, as many and as long as they may be; they are rows of their own, which know no limits."""
    if len(tags) > MOST_TAGS:
        raise forms.ValidationError(f"An image can have {MOST_TAGS} tags; these are {len(tags)}.")
    if too_long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
        raise forms.ValidationError(f"“{too_long[:20]}…” is too long: a tag has at most {LONGEST_TAG} characters.")
    return tags


class TaggedForm(ImageModelForm):
    """A form of an image with its tags."""

    def clean_tags(self) -> list[str]:
        return allowed_tags(self.cleaned_data["tags"])


class MetadataForm(TaggedForm):
    """What is known about an image, as its owner tells it."""

    description = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_DESCRIPTION,
        required=False,
        error_messages={"max_length": f"That description is too long; {LONGEST_DESCRIPTION:,} characters are allowed."},
    )
    source_url = forms.URLField(label="Source", max_length=500, required=False, assume_scheme="https")

    class Meta:
        model = GalleryImage
        fields = METADATA
        labels = {"taken": "Date"}
        help_texts = {"tags": "Separated by commas."}
        widgets = {
            "taken": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def save(self, commit: bool = True) -> GalleryImage:
        """Save these columns alone: the worker may be setting the image's status right now."""
        image: GalleryImage = super().save(commit=False)
        if commit:
            image.save(update_fields=[name for name in self.Meta.fields if name != "tags"])
            self.save_m2m()
        return image


class NewImageForm(TaggedForm):
    """An image file for the public collection, and what is known about it; `add_public` stores both."""

    image = forms.FileField(help_text="JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP or a camera's raw file.")
    title = forms.CharField(max_length=200, required=False, help_text="Made from the file's name when left empty.")
    source_url = forms.URLField(label="Source", max_length=500, required=False, assume_scheme="https")

    class Meta:
        model = GalleryImage
        fields = METADATA

    def clean_image(self) -> UploadedFile[bytes]:
        """Check the size alone; whether the file is an image, and a new one, is found out when it is stored."""
        file: UploadedFile[bytes] = self.cleaned_data["image"]
        try:
            check_size(file.size or 0)
        except InvalidImage as problem:
            raise forms.ValidationError(str(problem)) from problem
        return file

    @property
    def details(self) -> Details:
        """What a valid form says about the image."""
        known = {name: self.cleaned_data[name] for name in METADATA}
        return Details(**known | {"tags": tuple(known["tags"])})
