"""`manage.py prepare`: what has to be done once before a version of the site runs."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from superpixel_site import private_files

STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("migrate", {"verbosity": 0}),
    ("check", {"databases": ["default"]}),
    ("collectstatic", {"verbosity": 0, "interactive": False}),
    ("warmup", {}),
    ("load_demo", {"if_empty": True}),
    ("prepare_samples", {}),
)


class Command(BaseCommand):
    help = "Prepare the database, the static files, the compiled kernels and, in an empty collection, the demo images."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        private_files.close_data()
        try:
            for name, arguments in STEPS:
                call_command(name, **arguments)
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
