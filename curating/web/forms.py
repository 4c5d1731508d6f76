"""All input of the pages for curators goes through these forms."""

from __future__ import annotations

from django import forms
from django.utils.http import urlencode

from curating.models import ImportItem
from superpixel_site.forms import LenientForm, PageForm


class FilesForm(PageForm):
    """Which files of an import to show."""

    state = forms.ChoiceField(choices=ImportItem.State, required=False)

    @property
    def query(self) -> str:
        """What the addresses of the other pages have to keep."""
        state = self.given("state")
        return urlencode({"state": state}) if state else ""


class RetryForm(LenientForm):
    """Which failed images to try again: those of a reason; without one, those of people's own that failed."""

    reason = forms.CharField(required=False, strip=False)

    @property
    def chosen(self) -> str | None:
        """The reason; None for people's own images."""
        return self.given("reason") or None
