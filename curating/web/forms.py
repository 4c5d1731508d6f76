"""All input of the pages for curators goes through these forms."""

from __future__ import annotations

from django import forms
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.http import urlencode

from curating.models import DuplicatePair, DuplicatePairQuerySet, ImportItem
from superpixel_site.forms import LenientForm, PageForm


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
