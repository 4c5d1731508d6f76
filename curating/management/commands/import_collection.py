"""Take in a collection that another site has exported."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from curating.keeping.places import CannotKeep, place_of, told
from curating.management.commands.import_images import address
from curating.models import BulkTask
from curating.moving import layout
from curating.moving.taking_over import forget_what_files_say, take_over
from gallery.management.progress import bars, count


class Command(BaseCommand):
    help = (
        "Add a collection that manage.py export_collection has written to the public collection, with its metadata, "
        "and its vectors where they are those of the same model. It can be stopped and run again: what is there "
        "already is not added again, and has its metadata corrected."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="SOURCE", help="a folder, or s3://bucket/folder")

    def handle(self, *, source: str, **options: Any) -> None:
        manifest = f"{address(source).rstrip('/')}/{layout.LINES}"
        refused = ""
        try:
            call_command("import_images", manifest, stdout=self.stdout, stderr=self.stderr)
        except CommandError as problem:
            refused = str(problem)
        task = BulkTask.objects.filter(kind=BulkTask.Kind.IMPORT, options__source=manifest).order_by("-pk").first()
        if task is None or task.state != BulkTask.State.DONE:
            raise CommandError(refused or "The import was not finished.")
        forget_what_files_say(task)
        try:
            with told(), bars() as tell:
                result = take_over(place_of(source), tell)
        except CannotKeep as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{count(result.n_taken, 'image')} with vectors; {result.n_left} are left to be indexed.")
        if refused:
            raise CommandError(refused)
