"""Put a backup in place of what there is."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curating.keeping.checking import problems
from curating.keeping.layout import Backup, find_backup
from curating.keeping.places import CannotKeep, place_of, told
from curating.keeping.restoring import Present, refuse_newer, restore, restore_key, what_is_there
from gallery.management.progress import bars, count, size
from selector.services.storage_check import compare, prefixes


class Command(BaseCommand):
    help = (
        "Fill the database and the storage from a backup that manage.py backup has made. The site must not run. "
        "Where there is something already, --replace deletes it, after asking."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="SOURCE", help="what was TARGET of manage.py backup")
        parser.add_argument("--at", default="", metavar="NAME", help="which backup (default: the latest)")
        parser.add_argument("--check", action="store_true", help="only read it through and say whether it is whole")
        parser.add_argument("--replace", action="store_true", help="delete what is there")
        parser.add_argument("--with-secret-key", action="store_true", help="restore the secret key as well")
        parser.add_argument("--no-input", action="store_false", dest="asks", help="do not ask before deleting")

    def handle(self, *, source: str, at: str, check: bool, **options: Any) -> None:
        try:
            with told():
                backup = find_backup(place_of(source), at)
                if check:
                    self.check_it(backup)
                else:
                    self.restore_it(backup, **options)
        except CannotKeep as problem:
            raise CommandError(str(problem)) from None

    def check_it(self, backup: Backup) -> None:
        with bars() as tell:
            wrong = list(problems(backup, tell))
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{self.named(backup)} is whole.")

    def restore_it(self, backup: Backup, *, replace: bool, asks: bool, with_secret_key: bool, **options: Any) -> None:
        refuse_newer(backup)
        present = what_is_there(backup)
        if present.is_something:
            self.agree(present, replace=replace, asks=asks)
        with bars() as tell:
            wrong = restore(backup, tell)
        self.stdout.write(f"{self.named(backup)} was restored.")
        if with_secret_key:
            self.stdout.write(restore_key(backup))
        missing = sum(len(compare(prefix).missing) for prefix in prefixes())
        if missing:
            wrong.append(f"{count(missing, 'file')} that rows name are missing; manage.py check_storage lists them.")
        if wrong:
            raise CommandError("\n".join(wrong))

    def agree(self, present: Present, *, replace: bool, asks: bool) -> None:
        """Go on only if what is there may be deleted."""
        what = (
            f"{count(present.n_photos, 'photo')}, {count(present.n_accounts, 'account')} and "
            f"{count(present.n_files, 'other file')}"
            + (f", and {count(present.n_tables, 'table')} of something else" if present.n_tables else "")
        )
        if not replace:
            raise CommandError(f"There is something already: {what}. --replace deletes it.")
        if asks and input(f"This deletes {what}. Type “yes” to go on: ").strip().lower() != "yes":
            raise CommandError("Nothing was changed.")

    def named(self, backup: Backup) -> str:
        known = backup.manifest
        return f"The backup {backup.name} ({count(known.n_files, 'file')}, {size(known.file_bytes)})"
