"""Back up the site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curating.keeping.checking import problems
from curating.keeping.layout import Backup, find_backup
from curating.keeping.places import CannotKeep, place_of, told
from curating.keeping.saving import back_up
from gallery.management.progress import bars, count, size


class Command(BaseCommand):
    help = (
        "Save the database and all files that its rows name, while the site runs: into a folder, or a bucket "
        "(s3://bucket/folder, with the settings of MEDIA_BUCKET's). What the target has of earlier backups is not "
        "copied again, so it can be stopped and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", metavar="TARGET", help="a folder, or s3://bucket/folder")
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="delete all but the N latest backups")
        parser.add_argument("--with-secret-key", action="store_true", help="save the secret key as well")
        parser.add_argument("--verify", action="store_true", help="read all of it again and compare it")

    def handle(self, *, target: str, keep: int, with_secret_key: bool, verify: bool, **options: Any) -> None:
        if keep < 0:
            raise CommandError("--keep takes a number from 1 on.")
        try:
            with told(), bars() as tell:
                place = place_of(target)
                backup = back_up(place, keep=keep, with_secret_key=with_secret_key, tell=tell)
                wrong = list(problems(find_backup(place, backup.name), tell)) if verify else []
        except CannotKeep as problem:
            raise CommandError(str(problem)) from None
        self.summarise(backup, "verified" if verify else "saved")
        if wrong:
            raise CommandError("\n".join(wrong))

    def summarise(self, backup: Backup, done: str) -> None:
        known = backup.manifest
        rows = sum(known.tables.values())
        what = f"{count(rows, 'row')} and {count(known.n_files, 'file')} ({size(known.file_bytes)})"
        self.stdout.write(f"{backup.name}: {what} {done} in {backup.place}.")
        if known.missing:
            self.stderr.write(
                f"{count(len(known.missing), 'file')} that rows name were not in the storage, such as "
                f"{known.missing[0]}; manage.py check_storage lists them."
            )
