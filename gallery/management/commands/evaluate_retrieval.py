"""Measure searching by region on a folder of images whose contents are known."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery.evaluation import comparison, model_choice, report, sandbox
from gallery.evaluation.dataset import HALVES, BadDataset, Dataset
from gallery.evaluation.model_choice import Candidate
from gallery.evaluation.run import evaluate, n_steps
from gallery.index import kinds, spaces
from gallery.management.progress import bar
from gallery.search.presets import PRESETS


class Command(BaseCommand):
    help = (
        "Measure how well searching by region finds what it should, in a temporary index of its own: mean average "
        "precision, precision at 1 and 10, where right hits are drawn, and time by stage. FOLDER holds images, "
        "labels.json, queries.jsonl, masks and, for what is drawn, objects.jsonl."
    )
    # What follows `python` on the command line of the process that evaluates: this command again, with its arguments.
    program: Sequence[str] = (str(settings.BASE_DIR / "manage.py"), "evaluate_retrieval")

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [kind.name for kind in kinds.KINDS]
        parser.add_argument("folder", type=Path)
        parser.add_argument("--space", choices=names, help="only this one; all that there are by default")
        parser.add_argument(
            "--preset", choices=list(PRESETS), help="what is meant in all spaces together; the same kind by default"
        )
        parser.add_argument("--half", choices=HALVES, help="only the queries of every second image")
        parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N queries")
        parser.add_argument("--long-side", type=int, default=0, metavar="N", help="enlarge smaller images to N pixels")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a method")
        others = parser.add_mutually_exclusive_group()
        others.add_argument(
            "--against", type=Path, metavar="FILE", help="compare with what --json wrote in another run"
        )
        others.add_argument(
            "--compare",
            nargs="+",
            metavar="MODEL",
            help="evaluate each of these models instead of the site's: MODEL[=WEIGHTS][@METHOD]",
        )

    def handle(
        self,
        *,
        folder: Path,
        space: str | None,
        preset: str | None,
        half: str | None,
        limit: int,
        long_side: int,
        json: Path | None,
        against: Path | None,
        compare: list[str] | None,
        **options: Any,
    ) -> None:
        try:
            if json:
                report.check_writable(json)
            earlier = comparison.read(against) if against else []
            dataset = chosen_queries(folder, half, limit)
            if not sandbox.is_inside():
                given: dict[str, object] = {
                    "space": space,
                    "preset": preset,
                    "half": half,
                    "limit": limit,
                    "long-side": long_side,
                    "json": json,
                    "against": against,
                }
                if compare:
                    self.compare(folder, [Candidate.named(name) for name in compare], given)
                else:
                    self.run_in_sandbox(folder, given)
                return
            with sandbox.empty_collection():
                rows = self.evaluate(dataset, space, long_side, preset or "")
            for row in rows:
                row["half"] = half or "both"
            comparison.compare(rows, earlier)
            # Shown first: whatever may go wrong with the file, an hour's figures are not lost.
            self.show(rows)
            if json:
                report.write(rows, json)
        except (BadDataset, comparison.NotComparable, report.NotWritable, sandbox.NoSandbox) as problem:
            raise CommandError(str(problem)) from problem

    def run_in_sandbox(
        self, folder: Path, given: Mapping[str, object], environment: Mapping[str, str] | None = None
    ) -> None:
        """Run this command again in a collection of its own; end with its exit code when it fails."""
        options = [f"--{name}={value}" for name, value in given.items() if value]
        if code := sandbox.run([*self.program, str(folder), *options], environment):
            sys.exit(code)

    def compare(self, folder: Path, candidates: Sequence[Candidate], given: Mapping[str, object]) -> None:
        """Run this command for each model, each in a collection of its own, and show what they reached side by side."""
        found: list[tuple[str, list[dict[str, Any]]]] = []
        with tempfile.TemporaryDirectory() as files:
            for number, candidate in enumerate(candidates):
                self.stdout.write(f"{candidate.name}:")
                file = Path(files) / f"{number}.json"
                self.run_in_sandbox(folder, {**given, "json": file}, candidate.environment())
                rows = comparison.read(file)
                comparison.compare(rows, found[0][1] if found else [])
                found.append((candidate.name, rows))
        for line in model_choice.table(found):
            self.stdout.write(line)
        if given["json"]:
            rows = [{"model": name, **row} for name, rows in found for row in rows]
            report.write(rows, Path(str(given["json"])))

    def evaluate(self, dataset: Dataset, kind: str | None, long_side: int, preset: str) -> list[dict[str, Any]]:
        """The figures, in this process's collection."""
        wanted, notices = spaces.ensure_spaces()
        wanted = [space for space in wanted if kind in (None, space.kind)]
        if not wanted:
            raise CommandError(" ".join(notices))
        for notice in notices:
            self.stderr.write(notice)
        with bar(n_steps(dataset, wanted), " steps") as progress:

            def tick(stage: str) -> None:
                progress.set_description(stage, refresh=False)
                progress.update()

            return evaluate(dataset, wanted, tick, long_side, preset)

    def show(self, rows: list[dict[str, Any]]) -> None:
        with tqdm.external_write_mode():
            for line in report.lines(rows):
                self.stdout.write(line)


def chosen_queries(folder: Path, half: str | None, limit: int) -> Dataset:
    """The dataset in a folder with the queries to ask.

    Raises
    ------
    BadDataset
        If it cannot be read, or no query is left.
    """
    dataset = Dataset.read(folder)
    if half:
        dataset = dataset.half(half)
    if limit:
        dataset = dataset.first(limit)
    if not dataset.queries:
        raise BadDataset("There are no queries to ask.")
    return dataset
