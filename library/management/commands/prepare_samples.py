"""Compute what the start page shows at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from library import samples


class Command(BaseCommand):
    help = "Compute what the start page shows of the demo collection, so that nobody waits for it. Part of `prepare`."

    def handle(self, **options: Any) -> None:
        samples.prepare()
