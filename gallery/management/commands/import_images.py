"""Import a folder of images into the public collection."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery.collection.folders import images_in, import_file
from gallery.collection.importing import LONGEST_TAG, Details
from gallery.management.progress import bar, count
from selector.imaging.imagefile import InvalidImage


class Command(BaseCommand):
    help = (
        "Import a folder of images into the public collection. What is there already is left alone, so it "
        "can be stopped and run again. The worker, or manage.py index_gallery, makes the images searchable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--recursive", action="store_true", help="the folders in it, too")
        parser.add_argument(
            "--tag", action="append", default=[], type=tag_name, metavar="T", help="for every image; may be repeated"
        )
        parser.add_argument("--licence", default="", metavar="L", help="for every image")

    def handle(self, *, folder: Path, recursive: bool, tag: list[str], licence: str, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        details = Details(licence=licence, tags=tuple(tag))
        self.failed = self.new = self.known = 0
        total = sum(1 for _ in images_in(folder, lambda *_: None, recursive=recursive))
        with bar(total, " images") as progress:
            for file in images_in(folder, self.report, recursive=recursive):
                self.take(file, details)
                progress.update()
        self.summarise(folder)

    def take(self, file: Path, details: Details) -> None:
        """Import one file and count it as new, known or failed."""
        try:
            is_new = import_file(file, details)
        except InvalidImage as problem:
            self.report(file, str(problem))
        else:
            self.new += is_new
            self.known += not is_new

    def report(self, path: Path, sentence: str) -> None:
        """Say why a file or folder could not be imported, and count it."""
        self.failed += 1
        with tqdm.external_write_mode():
            self.stderr.write(f"{path}: {sentence}")

    def summarise(self, folder: Path) -> None:
        """Say how many files were imported; fail when some could not be."""
        if not self.failed + self.new + self.known:
            self.stdout.write(f"There are no images in {folder}.")
            return
        self.stdout.write(f"{count(self.new, 'image')} imported, {self.known} already in the collection.")
        if self.failed:
            raise CommandError(f"{count(self.failed, 'file')} could not be imported; see above.")


def tag_name(text: str) -> str:
    """A tag as it is given, if it is one."""
    if len(text) > LONGEST_TAG:
        raise ArgumentTypeError(f"a tag has at most {LONGEST_TAG} characters")
    return text
