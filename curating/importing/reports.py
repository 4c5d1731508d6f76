"""What became of the files of an import, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from curating.models import ImportItem

COLUMNS = ("path", "state", "reason")


class Line:
    """Where a writer of CSV puts a line, which it then returns."""

    def write(self, text: str) -> str:
        return text


def report(items: Iterable[ImportItem]) -> Iterator[str]:
    """The lines of a report: a header, and a line for each file."""
    writer = csv.writer(Line())
    yield writer.writerow(COLUMNS)
    for item in items:
        yield writer.writerow((_no_formula(item.path), item.state, item.reason))


def _no_formula(path: str) -> str:
    """A path that spreadsheets take for a text: whoever makes an archive chooses the names in it."""
    return f"'{path}" if path.startswith(("=", "+")) else path
