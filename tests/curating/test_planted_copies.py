"""A small twin of `benchmarks/duplicates.py`: all four kinds of copies among a few made-up pictures, and none else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.duplicates import COPIES, part_copies, part_time
from tests.curating.test_duplicates import jpeg, scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("few_superpixels")]


def test_planted_copies_are_found_and_nothing_else(tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.jpg" for seed in range(6)]
    for seed, file in enumerate(files):
        file.write_bytes(jpeg(scene(seed)))
    row = part_copies([str(file) for file in files], 1, str(tmp_path / "sheet.png"))
    assert {row[kind] for kind in COPIES} == {"6 of 6"} and row["other pairs"] == 0


def test_made_up_pictures_are_found_again_among_rows_without_files() -> None:
    row = part_time(100, 1)
    assert (row["planted"], row["pairs"]) == (1, 1)
