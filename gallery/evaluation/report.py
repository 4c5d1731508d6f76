"""Figures as lines for a terminal, and as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gallery.evaluation.results import DRAWN

HEADINGS = f"{'method':14}{'space':12}{'mAP':>7}{'95%':>16}{'P@1':>7}{'P@10':>7}   mAP by size of the object"
DRAWN_HEADINGS = f"{'method':14}{'space':12}{'':10}{'hits':>6}" + "".join(
    f"{heading:>9}{'95%':>14}" for heading in ("whole", "IoU>.25", "IoU>.5", "centre")
)


class NotWritable(Exception):
    """The file for the figures cannot be written; the text is one sentence that says why."""


def lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The figures of `evaluate`, a line a method, with what is known about fusion and times."""
    yield f"{rows[0]['queries']} queries"
    yield HEADINGS
    for row in rows:
        yield _figures(row)
        yield from _against(row.get("against", {}))
        for half, ahead in row.get("ahead_of_the_better_space", {}).items():
            yield f"  queries of {half}: ahead of {ahead['space']} alone by {_gain(ahead)}"
        for chosen in row.get("weights_chosen", []):
            yield (
                f"  weights chosen on {chosen['on']} queries ({chosen['appearance']:.1f} for appearance): "
                f"on the others ahead of {chosen['ahead']['space']} alone by {_gain(chosen['ahead'])}"
            )
    if any("drawn" in row for row in rows):
        yield "Drawn on right hits among the first ten, by size of the object:"
        yield DRAWN_HEADINGS
        for row in rows:
            yield from _drawn(row)
    if "proposed" in rows[-1]:
        yield f"The same thing would be proposed in {rows[-1]['proposed']:.3f} of the searches."
    yield from _claims(rows[-1].get("claims"))
    yield "Milliseconds, median:"
    for stage, milliseconds in rows[-1]["milliseconds"].items():
        yield f"  {stage:40}{milliseconds:9.1f}"


def _figures(row: dict[str, Any]) -> str:
    low, high = row["interval"]["mAP"]
    by_size = row["by_size"].items()
    sizes = ", ".join(f"{size} {of['mAP']:.3f} ({of['queries']})" for size, of in by_size if of["queries"])
    return (
        f"{row['method']:14}{row['space']:12}{row['mAP']:7.3f}{f'{low:.3f}-{high:.3f}':>16}"
        f"{row['P1']:7.3f}{row['P10']:7.3f}   {sizes}"
    )


def _drawn(row: dict[str, Any]) -> Iterator[str]:
    """Where right hits are drawn: all of them with their intervals, then by size."""
    if "drawn" not in row:
        return
    drawn = row["drawn"]
    name = f"{row['method']:14}{row['space']:12}"
    yield f"{name}{'all':10}{drawn['hits']:6}" + "".join(
        f"{drawn[key]:9.3f} ({drawn['interval'][key][0]:.3f}-{drawn['interval'][key][1]:.3f})" for key in DRAWN
    )
    for size, of in drawn["by_size"].items():
        if of["hits"]:
            yield f"{'':26}{size:10}{of['hits']:6}" + "".join(f"{of[key]:9.3f}{'':14}" for key in DRAWN)


def _claims(claims: dict[str, Any] | None) -> Iterator[str]:
    """How often close matches are claimed."""
    if not claims:
        return
    yield "Close matches are claimed, of all queries:"
    for name, what in (("right", "with a right image among them"), ("wrong", "with all right images taken away")):
        low, high = claims["interval"][name]
        halves = ", ".join(f"{half} {of[name]:.3f}" for half, of in claims["by_half"].items() if of[name] is not None)
        yield f"  {what:40}{claims[name]:9.3f} ({low:.3f}-{high:.3f})  {halves}"


def _against(differences: dict[str, Any]) -> Iterator[str]:
    """How much better than another run."""
    if differences:
        told = ", ".join(
            f"{key} {of['difference']:+.4f} ({of['interval'][0]:+.4f} to {of['interval'][1]:+.4f})"
            for key, of in differences.items()
            if key != "queries"
        )
        yield f"  against the other run, {differences['queries']} queries: {told}"


def _gain(ahead: dict[str, Any]) -> str:
    low, high = ahead["interval"]
    return f"{ahead['mAP']:+.4f} ({low:+.4f} to {high:+.4f})"


def check_writable(path: Path) -> None:
    """Find out, before all the work, whether a file can be written.

    Raises
    ------
    NotWritable
        If its folder is missing, or may not be written to.
    """
    folder = path.parent
    if not folder.is_dir():
        raise NotWritable(f"There is no folder {folder} to write {path.name} to.")
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise NotWritable(f"{path} cannot be written.")


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write an object a method, as JSON.

    Raises
    ------
    NotWritable
        If that fails.
    """
    try:
        path.write_text(json.dumps(rows, indent=2) + "\n")
    except OSError as problem:
        raise NotWritable(f"{path} cannot be written: {problem.strerror}.") from problem
