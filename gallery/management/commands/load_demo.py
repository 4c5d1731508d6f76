"""Load the demo collection."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from gallery.collection import demo
from gallery.collection.importing import add_public
from gallery.management.progress import bar, count
from gallery.models import DemoCollection, GalleryImage


class Command(BaseCommand):
    help = (
        "Load a small collection to try the site with. It is loaded once: when its images have been deleted, "
        "they do not come back without --again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--if-empty", action="store_true", help="only when there are no other images")
        which.add_argument("--again", action="store_true", help="even when it has been loaded before")

    def handle(self, *, if_empty: bool, again: bool, **options: Any) -> None:
        mark = DemoCollection.objects.first()
        if mark is not None and mark.finished and not again:
            if not if_empty:
                self.stdout.write("The demo collection has been loaded before; --again loads it again.")
            return
        if mark is None and if_empty and GalleryImage.objects.exists():
            return
        # Marked before the first image: a load that was interrupted goes on where it was.
        mark = mark or DemoCollection.objects.create()
        self.stdout.write(f"{count(self.load(), 'image')} of the demo collection loaded.")
        mark.finished = timezone.now()
        mark.save()

    def load(self) -> int:
        """Import the images of the demo collection, and return how many are new."""
        new = 0
        with bar(demo.n_images(), " images") as progress:
            for data, name, details in demo.images():
                new += add_public(data, name, details)[1]
                progress.update()
        return new
