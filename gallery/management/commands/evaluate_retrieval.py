"""Measure searching by region on a folder of images whose contents are known."""

from __future__ import annotations

import json
import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery.evaluation.dataset import BadDataset, Dataset
from gallery.evaluation.run import Evaluation, fill, index_images
from gallery.evaluation.sandbox import temporary_index
from gallery.index import kinds, spaces
from gallery.management.progress import bar


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before all the work whose figures it is for."""
    folder = path.parent
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder} to write {path.name} to.")
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise CommandError(f"{path} cannot be written.")


def write(rows: list[dict[str, Any]], path: Path) -> None:
    try:
        path.write_text(json.dumps(rows, indent=2) + "\n")
    except OSError as problem:
        raise CommandError(f"{path} cannot be written: {problem.strerror}.") from problem


class Command(BaseCommand):
    help = (
        "Measure how well searching by region finds what it should, in a temporary index of its own: mean average "
        "precision, precision at 1 and 10, and time by stage. FOLDER holds images, labels.json, queries.jsonl and "
        "masks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [kind.name for kind in kinds.KINDS]
        parser.add_argument("folder", type=Path)
        parser.add_argument("--space", choices=names, help="only this one; all that there are by default")
        parser.add_argument("--half", choices=["even", "odd"], help="only the queries of every second image")
        parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries")
        parser.add_argument("--long-side", type=int, default=0, metavar="N", help="enlarge smaller images to N pixels")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a method")

    def handle(
        self, *, folder: Path, space: str | None, half: str | None, limit: int, long_side: int, **options: Any
    ) -> None:
        path: Path | None = options["json"]
        if path:
            check_writable(path)
        # A polite kill ends like Ctrl-C: the temporary database and folder are taken away.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            dataset = Dataset.read(folder)
            if half:
                dataset = dataset.half(half)
            if limit:
                dataset = Dataset(dataset.folder, dataset.labels, dataset.queries[:limit])
            if not dataset.queries:
                raise BadDataset("There are no queries to ask.")
            with temporary_index():
                rows = self.evaluate(dataset, space, long_side)
        except BadDataset as problem:
            raise CommandError(str(problem)) from problem
        finally:
            signal.signal(signal.SIGTERM, before)
        for row in rows:
            row["half"] = half or "both"
        # Shown first: whatever may go wrong with the file, an hour's figures are not lost.
        self.show(rows)
        if path:
            write(rows, path)

    def evaluate(self, dataset: Dataset, kind: str | None, long_side: int) -> list[dict[str, Any]]:
        wanted, notices = spaces.ensure_spaces()
        wanted = [space for space in wanted if kind in (None, space.kind)]
        if not wanted:
            raise CommandError(" ".join(notices))
        for notice in notices:
            self.stderr.write(notice)
        total = len(dataset.labels) * (2 + len(wanted)) + len(dataset.queries)
        with bar(total, " steps") as progress:

            def tick(stage: str) -> None:
                progress.set_description(stage, refresh=False)
                progress.update()

            images = fill(dataset, tick, long_side)
            index_images(images, wanted, tick)
            evaluation = Evaluation(dataset, images, wanted, tick)
            for query in dataset.queries:
                evaluation.ask(query)
                tick("Asking")
        return evaluation.rows()

    def show(self, rows: list[dict[str, Any]]) -> None:
        with tqdm.external_write_mode():
            self.stdout.write(f"{rows[0]['queries']} queries")
        self.stdout.write(
            f"{'method':14}{'space':12}{'mAP':>7}{'95%':>16}{'P@1':>7}{'P@10':>7}   mAP by size of the object"
        )
        for row in rows:
            low, high = row["interval"]["mAP"]
            sizes = ", ".join(
                f"{size} {by['mAP']:.3f} ({by['queries']})" for size, by in row["by_size"].items() if by["queries"]
            )
            self.stdout.write(
                f"{row['method']:14}{row['space']:12}{row['mAP']:7.3f}{f'{low:.3f}-{high:.3f}':>16}"
                f"{row['P1']:7.3f}{row['P10']:7.3f}   {sizes}"
            )
            for half, ahead in row.get("ahead_of_the_better_space", {}).items():
                low, high = ahead["interval"]
                gain = f"{ahead['mAP']:+.4f} ({low:+.4f} to {high:+.4f})"
                self.stdout.write(f"  queries of {half}: ahead of {ahead['space']} alone by {gain}")
            for chosen in row.get("weights_chosen", []):
                low, high = chosen["ahead"]["interval"]
                gain = f"{chosen['ahead']['mAP']:+.4f} ({low:+.4f} to {high:+.4f})"
                self.stdout.write(
                    f"  weights chosen on {chosen['on']} queries ({chosen['appearance']:.1f} for appearance): "
                    f"on the others ahead of {chosen['ahead']['space']} alone by {gain}"
                )
        self.stdout.write("Milliseconds, median:")
        for stage, milliseconds in rows[-1]["milliseconds"].items():
            self.stdout.write(f"  {stage:40}{milliseconds:9.1f}")
