"""What allauth asks of the site: who may sign up, by which address attempts count, and what is told to whom."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.signing_in import attempts, invited, mail
from superpixel_site.clients import address_of, network_of

CONFIRMATION_SENT = "account/messages/email_confirmation_sent.txt"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's own, changed where the site promises more."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _(
            "Too many wrong passwords have come from your network. Wait five minutes, then try again."
        ),
        "username_password_mismatch": _("This name and this password do not belong together."),
        "email_password_mismatch": _("This address and this password do not belong together."),
        "name_with_at": _("Choose a name without @, so that nobody takes it for an email address."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    # --- Wrong passwords --------------------------------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose attempts are counted together: those at one account from one network."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{network_of(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if attempts.must_wait(login_in(credentials), network_of(request)):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        attempts.note_failure(login_in(credentials), network_of(request))

    # --- Signing up -------------------------------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGN_UP == "invitation":
            return invited.invitation_of(request) is not None
        return bool(settings.SIGN_UP == "open")

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """A name for a new account. It must not look like an address: who signs in is known by either."""
        if "@" in username:
            raise self.validation_error("name_with_at")
        name: str = super().clean_username(username, shallow)
        return name

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit)
        if settings.SIGN_UP == "invitation":
            invited.use(request, saved)
        return saved

    # --- E-mail -----------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if mail.is_sent():
            super().send_mail(template_prefix, email, context)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Ask somebody to confirm an address; tell them instead that it has been confirmed by another account.

        Who gave the address cannot tell which of the two was sent.
        """
        address = emailconfirmation.email_address
        others = EmailAddress.objects.filter(email=address.email, verified=True).exclude(user=address.user)
        if others.exists():
            self.send_account_already_exists_mail(address.email)
        else:
            super().send_confirmation_mail(request, emailconfirmation, signup)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if message_template != CONFIRMATION_SENT or mail.is_sent():
            super().add_message(request, level, message_template, *args, **kwargs)


def login_in(credentials: dict[str, Any]) -> str:
    """What somebody has typed to name their account."""
    return str(credentials.get("email") or credentials.get("username") or "")
