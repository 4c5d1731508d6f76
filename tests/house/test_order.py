"""The order in which the tests are run names files that exist, and all that need torch."""

from __future__ import annotations

import re

from tests.house.source import ROOT
from tests.order import FIRST, WITH_TORCH

NEEDS_TORCH = re.compile(r"^\s*import torch\b|\btiny_models\b", re.MULTILINE)


def test_every_place_that_is_named_exists() -> None:
    assert [path for path in FIRST if not (ROOT / path).exists()] == []


def test_all_files_that_need_torch_are_run_by_one_process() -> None:
    files = {str(file.relative_to(ROOT)): file.read_text() for file in (ROOT / "tests").rglob("test_*.py")}
    here = str(ROOT.joinpath(__file__).relative_to(ROOT))
    found = {name for name, text in files.items() if NEEDS_TORCH.search(text) and name != here}
    assert found == set(WITH_TORCH)
