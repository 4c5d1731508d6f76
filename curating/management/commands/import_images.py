"""Import images into the public collection."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from curating.importing import Wanted, start_import
from curating.importing.rehearsal import rehearse
from curating.importing.reports import report
from curating.importing.starting import queue
from curating.management.here import carry_out, check_end
from curating.models import BulkTask, ImportItem
from curating.sources import CannotOpen
from gallery.collection.importing import LONGEST_TAG
from gallery.management.progress import count

State = ImportItem.State


class Command(BaseCommand):
    help = (
        "Import images into the public collection: of a folder, a ZIP archive, a manifest (CSV or JSON lines), or a "
        "bucket. What is there already is not added again, so it can be stopped and run again; a manifest corrects "
        "what is known of it. The worker, or manage.py index_gallery, makes the images searchable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="SOURCE", help="a folder, a file, or s3://bucket/folder")
        parser.add_argument("--recursive", action="store_true", help="the folders in it, too")
        parser.add_argument(
            "--tag", action="append", default=[], type=tag_name, metavar="T", help="for every image; may be repeated"
        )
        parser.add_argument("--licence", default="", metavar="L", help="for every image without one in the manifest")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--inline", action="store_true", help="here and now (the default)")
        where.add_argument("--queue", action="store_true", help="by the worker, which must reach SOURCE as well")
        where.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write a CSV file of all that was refused or skipped, and why"
        )

    def handle(self, *, source: str, recursive: bool, tag: list[str], licence: str, **options: Any) -> None:
        wanted = Wanted(address(source), recursive, tuple(tag), licence)
        if options["queue"]:
            task = start_import(wanted)
            queue(task)
            self.stdout.write(f"The worker imports it: see {task.get_absolute_url()}.")
        elif options["dry_run"]:
            self.rehearse(wanted, options["report"])
        else:
            self.carry_out(wanted, options["report"])

    def rehearse(self, wanted: Wanted, file: Path | None) -> None:
        """Say what an import would do."""
        task = BulkTask()
        items = []
        counts: Counter[str] = Counter()
        try:
            for item in rehearse(wanted, task):
                counts[item.state] += 1
                if item.state in (State.REFUSED, State.SKIPPED):
                    items.append(item)
        except CannotOpen as problem:
            raise CommandError(str(problem)) from None
        self.tell(task, items, file)
        self.stdout.write("Nothing was stored. An import would give:")
        self.summarise(wanted, counts)

    def carry_out(self, wanted: Wanted, file: Path | None) -> None:
        """Import in this process."""
        task = start_import(wanted)
        carry_out(task, " images")
        self.tell(task, task.items.left_out(), file)
        self.summarise(wanted, task.items.counts())
        check_end(task)

    def tell(self, task: BulkTask, items: Iterable[ImportItem], file: Path | None) -> None:
        """Say what was refused, and write what was skipped as well into the report."""
        if task.notices:
            self.stderr.write(task.notices)
        for item in items:
            if item.state == State.REFUSED:
                with tqdm.external_write_mode():
                    self.stderr.write(f"{item.path}: {item.reason}")
        if file is not None:
            with file.open("w", encoding="utf-8", newline="") as out:
                out.writelines(report(items))

    def summarise(self, wanted: Wanted, counts: dict[str, int]) -> None:
        """Say how many files were imported; fail when some could not be."""
        taken = [counts[state] for state in (State.NEW, State.KNOWN, State.UPDATED)]
        if not sum(taken) + counts[State.REFUSED]:
            self.stdout.write(f"There are no images in {wanted.source}.")
        else:
            updated = f", {taken[2]} with other metadata now" if taken[2] else ""
            known = taken[1] + taken[2]
            self.stdout.write(f"{count(taken[0], 'image')} imported, {known} already in the collection{updated}.")
        if counts[State.SKIPPED]:
            self.stdout.write(f"{counts[State.SKIPPED]} skipped; --report FILE says which, and why.")
        if counts[State.REFUSED]:
            raise CommandError(f"{count(counts[State.REFUSED], 'file')} could not be imported; see above.")


def address(source: str) -> str:
    """A source as any process of this machine finds it."""
    if source.startswith("s3://"):
        return source
    path = str(Path(source).absolute())
    if not path.isprintable():
        raise CommandError(f"{path!r} is not a name that can be stored: give it another one.")
    return path


def tag_name(text: str) -> str:
    """A tag as it is given, if it is one."""
    if len(text) > LONGEST_TAG:
        raise ArgumentTypeError(f"a tag has at most {LONGEST_TAG} characters")
    return text
