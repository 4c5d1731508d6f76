"""In which order, and together with which others, the files of tests are run by the processes of pytest-xdist.

Used as `pytest -p tests.order --dist loadfile`. By itself pytest-xdist begins with the files of most tests, and ends
with one process alone at a test that starts the whole site, while the cores are idle.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# Importing torch and open_clip takes longer than most of these files: one process does it for all.
WITH_TORCH = (
    "tests/pure/test_open_clip.py",
    "tests/pure/test_inference.py",
    "tests/pure/test_objects_in_context.py",
    "tests/gallery/test_spaces.py",
    "tests/gallery/test_jobs.py",
    "tests/gallery/test_kinds.py",
    "tests/gallery/test_refining.py",
    "tests/gallery/test_evaluate_retrieval.py",
    "tests/browser/test_searching.py",
)
# Beginnings of paths. What starts processes and browsers takes longest; the many quick files fill the gaps at the end.
FIRST = (
    *WITH_TORCH,
    "tests/gallery/test_worker_process.py",
    "tests/gallery/test_batches.py",
    "tests/gallery/test_upkeep.py",
    "tests/accounts/test_exports_by_worker.py",
    "tests/curating/test_killed_imports.py",
    "tests/curating/test_two_checkouts.py",
    "tests/curating/test_buckets.py",
    "tests/curating/test_backups.py",
    "tests/curating/test_moving_collections.py",
    "tests/site/test_serve.py",
    "tests/browser/",
    "tests/site/",
    "tests/gallery/test_bad_input.py",
    "tests/upgrade/",
    "tests/accounts/test_without_mail.py",
    "tests/gallery/test_close_matches.py",
)


class FilesTogether(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist's classes are Any to mypy here
    """A file of tests is run by one process, and the files that need torch by one and the same."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "torch" if file in WITH_TORCH else file


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within each stays."""
    items.sort(key=lambda item: next((rank for rank, path in enumerate(FIRST) if item.nodeid.startswith(path)), 99))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    config.option.loadscopereorder = False
    return FilesTogether(config, log)
