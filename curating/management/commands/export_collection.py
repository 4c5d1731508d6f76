"""Write the public collection in an open layout."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curating.importing.starting import queue
from curating.management.commands.import_images import address
from curating.management.here import carry_out, check_end
from curating.moving.tasks import start_export
from gallery.management.progress import count
from gallery.models import GalleryImage


class Command(BaseCommand):
    help = (
        "Write the public collection into a folder or bucket: files, metadata (JSON lines and CSV), masks of regions "
        "(COCO RLE) and vectors (npy), with a README.md that explains them. What is there already is not written "
        "again, so it can be stopped and run again; what is no longer public is deleted there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", metavar="TARGET", help="a folder, or s3://bucket/folder")
        parser.add_argument("--queue", action="store_true", help="by the worker, which must reach TARGET as well")

    def handle(self, *, target: str, **options: Any) -> None:
        task = start_export(address(target))
        if options["queue"]:
            queue(task)
            self.stdout.write(f"The worker exports it: see {task.get_absolute_url()}.")
            return
        carry_out(task, " files and parts")
        check_end(task)
        n = GalleryImage.objects.public().count() - task.failed
        self.stdout.write(f"{count(n, 'image')} in {target}.")
        if task.failed:
            raise CommandError(task.notices)
