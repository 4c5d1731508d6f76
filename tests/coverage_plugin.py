"""Measures which lines of the site the tests run, and prints the table before pytest's own summary.

By SlipCover, which takes its probes out of the bytecode once a line has run: on Python 3.11 the tracer of coverage.py
takes a third more time, this a tenth. Used by `make coverage` as `pytest -p tests.coverage_plugin`, so that it is there
before Django is set up; each process of pytest-xdist measures by itself, and the first one adds them up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
import slipcover
from slipcover.slipcover import merge_coverage, print_coverage

PACKAGES = ["superpixel_site", "selector", "gallery", "library", "accounts", "curating", "api"]
# Kernels are compiled: what runs of them, no probe sees.
LEFT_OUT = ["*/migrations/*", "*kernels.py"]
MISSING_WIDTH = 60

_measuring = slipcover.Slipcover(source=PACKAGES, omit=LEFT_OUT)
_files = slipcover.FileMatcher(sources=PACKAGES, omit=LEFT_OUT)
_imports = slipcover.ImportManager(_measuring, _files)
_imports.__enter__()
_of_workers: list[dict[str, Any]] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker sends what it has measured."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        # As text: its kinds of dictionaries cannot be sent.
        output["coverage"] = json.dumps(_measuring.get_coverage())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """The first process takes it; a worker that crashed has sent nothing."""
    if measured := getattr(node, "workeroutput", {}).get("coverage"):
        _of_workers.append(json.loads(measured))


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """Print the files that are not covered in full, and the sum."""
    measured = reduce(merge_coverage, [*_of_workers, _measuring.get_coverage()])
    terminalreporter.section("lines that no test runs")
    print_coverage(measured, missing_width=MISSING_WIDTH, skip_covered=True, outfile=terminalreporter._tw._file)
    return (yield)
