"""Forms that several apps use."""

from __future__ import annotations

from typing import Any

from django import forms


class LenientForm(forms.Form):
    """Parameters of a page that is only looked at: what cannot be read is left out, never an error."""

    def given(self, name: str) -> Any:
        """The value of a field, or None when it was not given or cannot be read."""
        self.is_valid()
        return self.cleaned_data.get(name)


class PageForm(LenientForm):
    """Which part of a list to show; anything unreadable means the first."""

    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    @property
    def number(self) -> int:
        return self.given("page") or 1
