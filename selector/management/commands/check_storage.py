"""Holds the storage against the database."""

from __future__ import annotations

import datetime
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management.base import BaseCommand
from tqdm import tqdm

from selector.services.storage_check import Missing, compare, delete_orphans, prefixes
from superpixel_site import private_files

# Of each kind so many are listed by their names.
LISTED = 20


class Command(BaseCommand):
    help = (
        "Say which stored files no row names (orphans), and which files of photos are missing. With --repair "
        "orphans are deleted, working copies and label maps are made again from what there is, and files that other "
        "users of the machine can read are closed to them. It may run while the site does. "
        "Ends with 1 when files are missing and are not repaired."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="delete orphans, make missing files again")
        parser.add_argument(
            "--older-than", type=int, default=60, metavar="MINUTES",
            help="delete orphans of this age only, since an upload stores its files before its row (default: 60)",
        )  # fmt: skip

    def handle(self, *, repair: bool, older_than: int, **options: Any) -> None:
        self.listed: dict[str, int] = {}
        self.n_files = 0
        for prefix in tqdm(prefixes(), unit=" parts", disable=None, dynamic_ncols=True):
            found = compare(prefix)
            self.n_files += found.n_files
            deleted = delete_orphans(found, datetime.timedelta(minutes=older_than)) if repair else []
            for name in found.orphans:
                self.note("deleted" if name in deleted else "orphaned", name)
            for missing in found.missing:
                self.judge(missing, repair)
        # Other storages have no folder, or one that means something else to them.
        if isinstance(default_storage, FileSystemStorage):
            self.look_who_may_read(Path(default_storage.path("")), repair)
        self.summarise()

    def look_who_may_read(self, folder: Path, repair: bool) -> None:
        """Note the files and folders that others on this machine may read, after closing them if so told."""
        found = [str(path.relative_to(folder.parent)) for path in private_files.open_to_others(folder)]
        if repair:
            private_files.close(folder)
        for name in found:
            self.note("closed to others" if repair else "open to others", name)

    def judge(self, missing: Missing, repair: bool) -> None:
        if repair and missing.repair():
            self.note("made again", missing.name)
        else:
            self.note("missing", f"{missing.name} ({missing.field} of {missing.row})")

    def note(self, what: str, name: str) -> None:
        """Count a file, and list it if there are few of its kind."""
        self.listed[what] = self.listed.get(what, 0) + 1
        if self.listed[what] <= LISTED:
            with tqdm.external_write_mode():
                self.stdout.write(f"{what}: {name}")

    def summarise(self) -> None:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.listed.items()))
        self.stdout.write(f"{self.n_files} files: {counts or 'all in order'}.")
        if self.listed.get("missing"):
            sys.exit(1)
