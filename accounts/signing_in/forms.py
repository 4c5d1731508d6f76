"""allauth's forms, where the site promises more."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.signing_in import mail

NO_MAIL = "This site sends no email, so it cannot send a link."


class SignupForm(forms.SignupForm):  # type: ignore[misc]
    """Signs up with an address whether or not another account has it; the address is theirs when it is confirmed.

    The answer is the same in either case. So is what happens to the user name: it is taken from then on.
    """

    def validate_unique_email(self, value: str) -> str:
        return value

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        return user


class ResetPasswordForm(forms.ResetPasswordForm):  # type: ignore[misc]
    """Sends nothing, and says so, where the site sends no e-mail."""

    @property
    def mail_is_sent(self) -> bool:
        return mail.is_sent()

    def clean(self) -> dict[str, Any]:
        if not mail.is_sent():
            raise ValidationError(NO_MAIL)
        cleaned: dict[str, Any] = super().clean()
        return cleaned
