"""Input of the pages about what is a person's own."""

from __future__ import annotations

from django import forms


class EndForm(forms.Form):
    """Which session to end; none means all but the one that asks."""

    session = forms.IntegerField(required=False)


class LeaveForm(forms.Form):
    """That a person wants everything of theirs deleted."""

    confirmed = forms.BooleanField(
        label="I know that this cannot be undone",
        error_messages={"required": "Tick the box first: what is deleted cannot be brought back."},
    )
