"""Fetches the models that searches need."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.index import kinds
from gallery.index.describers import SpaceUnavailable
from gallery.management.progress import download_bar


class Command(BaseCommand):
    help = "Fetch the model that search by meaning needs, as named by MEANING_MODEL and MEANING_WEIGHTS."

    def handle(self, **options: Any) -> None:
        progress, move = download_bar()
        found, failures = [], []
        with progress:
            for kind in kinds.KINDS:
                try:
                    found.append(kind.fetch(move))
                except SpaceUnavailable as problem:
                    failures.append(str(problem))
        for place in filter(None, found):
            self.stdout.write(f"The weights are in {place}.")
        if failures:
            raise CommandError(" ".join(failures))
