"""Two runs of an evaluation, query by query: how much better the later one is, and whether beyond chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.evaluation.results import DRAWN

MEANS = ("mAP", "P1", "P10")
REPEATS = 2000


class NotComparable(Exception):
    """A file holds no figures to compare with; the text is one sentence that says why."""


def read(path: Path) -> list[dict[str, Any]]:
    """The figures that an earlier run wrote.

    Raises
    ------
    NotComparable
        If the file cannot be read, or holds something else.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text())
        for row in rows:
            # Only looked at: without them there is nothing to compare by.
            _ = row["method"], row["space"], row["by_query"].keys()
    except OSError as problem:
        raise NotComparable(f"{path} cannot be read: {problem.strerror}.") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotComparable(f"{path.name} holds no figures by query: write it with --json first.") from problem
    return rows


def compare(rows: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> None:
    """Add to each row, as "against", its paired differences from the row of the same method and space before.

    Queries that only one of the runs asked are left out, and rows without any that both asked. Each difference comes
    with its 95% interval, from samples of the same queries drawn for both runs; what is drawn is compared as shares of
    the right hits of each run.
    """
    known = {(row["method"], row["space"]): row["by_query"] for row in earlier}
    for row in rows if known else ():
        before = known.get((row["method"], row["space"]), {})
        if shared := [name for name in row["by_query"] if name in before]:
            now = [row["by_query"][name] for name in shared]
            row["against"] = _differences(now, [before[name] for name in shared])


def _differences(now: list[dict[str, float]], before: list[dict[str, float]]) -> dict[str, Any]:
    drawn = np.random.default_rng(0).integers(0, len(now), (REPEATS, len(now)))
    found: dict[str, Any] = {"queries": len(now)}
    for name in MEANS:
        gains = _column(now, name) - _column(before, name)
        gains = np.where(np.isnan(gains), 0, gains)
        found[name] = _with_interval(float(gains.mean()), gains[drawn].mean(axis=1))
    totals = _column(now, "right_hits"), _column(before, "right_hits")
    for name in DRAWN if totals[0].any() and totals[1].any() else ():
        counts = _column(now, name), _column(before, name)
        difference = _share(counts[0], totals[0]) - _share(counts[1], totals[1])
        samples = _share(counts[0][drawn], totals[0][drawn]) - _share(counts[1][drawn], totals[1][drawn])
        found[name] = _with_interval(float(difference), samples)
    return found


def _column(rows: list[dict[str, float]], name: str) -> npt.NDArray[np.float64]:
    return np.array([row[name] for row in rows], np.float64)


def _share(counts: npt.NDArray[np.float64], totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = counts.sum(axis=-1) / np.maximum(totals.sum(axis=-1), 1)
    return shares


def _with_interval(value: float, samples: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {
        "difference": round(value, 4),
        "interval": [round(float(end), 4) for end in np.percentile(samples, [2.5, 97.5])],
    }
