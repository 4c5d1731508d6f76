"""Make somebody a curator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.signing_in.roles import make_curator, make_user


class Command(BaseCommand):
    help = "Let an account look after the public collection in /admin/, or take that from it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="user name of the account")
        parser.add_argument("--remove", action="store_true", help="make the curator a user again")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account “{options['name']}”.")
        (make_user if options["remove"] else make_curator)(user)
        now = "no curator any more" if options["remove"] else "a curator now"
        self.stdout.write(f"{user.username} is {now}.")
