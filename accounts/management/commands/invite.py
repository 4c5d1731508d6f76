"""Make a link with which somebody may sign up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from accounts.models import Invitation
from accounts.models.invitations import DAYS


class Command(BaseCommand):
    help = "Make a link with which one person may sign up where SIGN_UP=invitation. It is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is good (default: {DAYS})")
        parser.add_argument("--site", default=default_site(), help="where the site is (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        _, token = Invitation.objects.invite(options["days"])
        self.stdout.write(f"{options['site'].rstrip('/')}{reverse('accounts:invitation', args=[token])}")


def default_site() -> str:
    """The site by the first name that it answers to."""
    host = next((name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))), "localhost")
    if settings.HTTPS:
        return f"https://{host}"
    return f"http://{host}:{settings.PORT}"
