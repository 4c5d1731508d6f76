"""Fetch the weights that search by meaning needs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.index.model_loading import SpaceUnavailable, fetch_weights
from gallery.management.progress import download_bar


class Command(BaseCommand):
    help = "Fetch the model that search by meaning needs, as named by MEANING_MODEL and MEANING_WEIGHTS."

    def handle(self, **options: Any) -> None:
        progress, move = download_bar()
        try:
            with progress:
                found = fetch_weights(move)
        except SpaceUnavailable as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"The weights are in {found}.")
