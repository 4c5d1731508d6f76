"""Forms that every app uses."""

from __future__ import annotations

from django import forms


class PageForm(forms.Form):
    """Which part of a list to show; anything unreadable means the first."""

    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    @property
    def number(self) -> int:
        return (self.is_valid() and self.cleaned_data["page"]) or 1


def first_error(form: forms.BaseForm) -> str:
    """The sentence to show when a form is not valid."""
    return str(next(iter(form.errors.values()))[0])
