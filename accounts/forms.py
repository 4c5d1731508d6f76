"""Input of the pages about what is a person's own."""

from __future__ import annotations

from django import forms

from accounts.models import ApiToken


class EndForm(forms.Form):
    """Which session to end; none means all but the one that asks."""

    session = forms.IntegerField(required=False)


class LeaveForm(forms.Form):
    """That a person wants everything of theirs deleted."""

    confirmed = forms.BooleanField(
        label="I know that this cannot be undone",
        error_messages={"required": "Tick the box first: what is deleted cannot be brought back."},
    )


class TokenForm(forms.Form):
    """A token to be made."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="What will use it, such as “notebook on my laptop”.",
        error_messages={"required": "Give it a name, by which you know it later."},
    )
    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.READ],
        label="It may",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Say what it may do."},
    )
    days = forms.TypedChoiceField(
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("0", "until I revoke it")],
        initial="90",
        coerce=int,
        label="Good for",
    )


class RevokeForm(forms.Form):
    """Which token to revoke."""

    token = forms.IntegerField()
