"""Holds the storage against the database."""

from __future__ import annotations

import datetime
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from selector.services.storage_check import Missing, compare, delete_orphans, prefixes

# Of each kind so many are listed by their names.
LISTED = 20


class Command(BaseCommand):
    help = (
        "Say which stored files no row names (orphans), and which files of photos are missing. With --repair "
        "orphans are deleted, and working copies and label maps are made again from what there is. It may run while "
        "the site does. "
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
        self.summarise()

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
