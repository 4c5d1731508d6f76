"""Write the public collection in an open layout."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curating.keeping.places import CannotKeep, place_of, told
from curating.moving.exporting import export_collection
from gallery.management.progress import bars, count
from gallery.models import GalleryImage


class Command(BaseCommand):
    help = (
        "Write the public collection into a folder or bucket: files, metadata (JSON lines and CSV), masks of regions "
        "(COCO RLE) and vectors (npy), with a README.md that explains them. What is there already is not written "
        "again, so it can be stopped and run again; what is no longer public is deleted there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", metavar="TARGET", help="a folder, or s3://bucket/folder")

    def handle(self, *, target: str, **options: Any) -> None:
        try:
            with told(), bars() as tell:
                lost = export_collection(place_of(target), tell)
        except CannotKeep as problem:
            raise CommandError(str(problem)) from None
        n = GalleryImage.objects.public().count() - len(lost)
        self.stdout.write(f"{count(n, 'image')} in {target}.")
        if lost:
            raise CommandError(f"{count(len(lost), 'file')} are missing from the storage, such as {lost[0]}.")
