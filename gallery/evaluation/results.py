"""What each way of searching reached, over all queries, by half and by the size of the object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from gallery.evaluation.claims import Claims
from gallery.evaluation.dataset import HALVES
from gallery.evaluation.figures import (
    Drawn,
    average_precision,
    bootstrap_interval,
    bootstrap_ratio_interval,
    precision_at,
)

# Shares of the image that the object of a query covers.
SIZES = {"under 5%": (0.0, 0.05), "5 to 20%": (0.05, 0.2), "above 20%": (0.2, 1.01)}
# The site's own way of searching in one space, and in all together.
REGIONS, FUSED = "regions", "fused"
# The same without the second look at the first images.
FIRST_STAGE = "first stage"
# All spaces together, with the first hits checked point by point.
CHECKED = "checked"
# Weights of `appearance` beside `meaning` to choose from; each space weighs something.
CANDIDATE_WEIGHTS = (0.2, 0.4, 0.6, 0.8)


@dataclass
class Method:
    """What one way of searching reached: average precision and precision at 1 and 10 of each query.

    Attributes
    ----------
    drawn : list of list of Drawn
        Of each query, the regions drawn on right hits among the first ten; none for ways that draw nothing.
    """

    name: str
    space: str
    ap: list[float] = field(default_factory=list)
    p1: list[float] = field(default_factory=list)
    p10: list[float] = field(default_factory=list)
    drawn: list[list[Drawn]] = field(default_factory=list)

    def add(self, ranked: Sequence[str], relevant: frozenset[str], drawn: Sequence[Drawn] = ()) -> None:
        """Note the answer to one query: images in order, those that should be found, and what is drawn on these."""
        self.drawn.append(list(drawn))
        hits = [name in relevant for name in ranked]
        self.ap.append(average_precision(hits, len(relevant)))
        self.p1.append(precision_at(hits, 1))
        self.p10.append(precision_at(hits, 10))

    def figures(self, shares: npt.NDArray[np.float64], halves: npt.NDArray[np.str_]) -> dict[str, Any]:
        """Means with their 95% intervals, over all queries, by half and by the size of the object.

        Parameters
        ----------
        shares : float64 (k,)
            The share of the image that the object of each query covers, 0..1.
        halves : str (k,)
            The half that each query belongs to.

        Returns
        -------
        dict
            As it is written to a file.
        """
        values = {"mAP": np.array(self.ap), "P1": np.array(self.p1), "P10": np.array(self.p10)}

        def means(chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
            return {key: _mean(each[chosen]) for key, each in values.items()} | {"queries": int(chosen.sum())}

        return {
            "method": self.name,
            "space": self.space,
            **means(np.ones(len(shares), bool)),
            "interval": {key: _interval(each) for key, each in values.items()},
            "by_half": {half: means(halves == half) for half in HALVES},
            "by_size": {size: means((shares >= low) & (shares < high)) for size, (low, high) in SIZES.items()},
            **({"drawn": figures_of_drawn(self.drawn)} if any(self.drawn) else {}),
        }

    def by_query(self, queries: Sequence[str]) -> dict[str, dict[str, float]]:
        """What each query reached, by its name: what another run is compared with."""
        rows = zip(queries, self.ap, self.p1, self.p10, self.drawn, strict=True)
        return {
            name: {"mAP": ap, "P1": p1, "P10": p10, "right_hits": len(drawn), **_counts(drawn)}
            for name, ap, p1, p10, drawn in rows
        }


# What is counted of what is drawn on right hits.
DRAWN: dict[str, Callable[[Drawn], bool]] = {
    "whole": lambda hit: hit.is_whole,
    "iou25": lambda hit: hit.iou > 0.25,
    "iou50": lambda hit: hit.iou > 0.5,
    "centre": lambda hit: hit.is_centred,
}


def figures_of_drawn(by_query: Sequence[Sequence[Drawn]]) -> dict[str, Any]:
    """The shares of right hits that are drawn in each of the ways of `DRAWN`, with intervals, and by size.

    Parameters
    ----------
    by_query : sequence of sequence of Drawn
        Of each query. Hits of one query belong together: intervals are those of queries drawn anew.
    """

    def shares(chosen: Sequence[Sequence[Drawn]]) -> dict[str, Any]:
        totals = [len(hits) for hits in chosen]
        counts = {name: [_counts(hits)[name] for hits in chosen] for name in DRAWN}
        known = sum(totals)
        return {
            "hits": known,
            **{name: round(sum(of) / known, 4) if known else None for name, of in counts.items()},
            "interval": {
                name: [round(end, 4) for end in bootstrap_ratio_interval(of, totals)] if known else None
                for name, of in counts.items()
            },
        }

    sizes = {
        size: shares([[hit for hit in hits if low <= hit.size < high] for hits in by_query])
        for size, (low, high) in SIZES.items()
    }
    return {**shares(by_query), "by_size": sizes}


def _counts(hits: Sequence[Drawn]) -> dict[str, int]:
    return {name: sum(map(counts, hits)) for name, counts in DRAWN.items()}


@dataclass
class Results:
    """What all ways of searching reached."""

    methods: dict[tuple[str, str], Method] = field(default_factory=dict)
    by_weight: dict[float, Method] = field(
        default_factory=lambda: {weight: Method(FUSED, "all") for weight in CANDIDATE_WEIGHTS}
    )
    shares: list[float] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    # Of each query, whether to look for the very thing would be proposed; none where that was asked for, or cannot be.
    proposed: list[bool] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)

    def add(
        self, name: str, space: str, ranked: Sequence[str], relevant: frozenset[str], drawn: Sequence[Drawn] = ()
    ) -> None:
        """Note how one way of searching answered one query."""
        self.methods.setdefault((name, space), Method(name, space)).add(ranked, relevant, drawn)

    def rows(self, milliseconds: dict[str, float], weights: dict[str, float]) -> list[dict[str, Any]]:
        """An object for each method; the last one also has the time of each stage and the weights of the spaces."""
        shares, halves = np.array(self.shares), np.array(self.halves)
        rows = [
            {**method.figures(shares, halves), "by_query": method.by_query(self.queries)}
            for method in self.methods.values()
        ]
        if (FUSED, "all") in self.methods:
            rows[-1] |= {"weights": weights, **self._about_fusion(halves)}
        if self.proposed:
            rows[-1]["proposed"] = _mean(np.array(self.proposed, np.float64))
        rows[-1]["claims"] = self.claims.figures(halves)
        rows[-1]["milliseconds"] = milliseconds
        return rows

    def _about_fusion(self, halves: npt.NDArray[np.str_]) -> dict[str, Any]:
        """How much better all spaces together are than the best one alone."""
        fused = self.methods[FUSED, "all"]
        alone = [method for method in self.methods.values() if method.name == REGIONS]
        ahead = {"both": gain(fused, alone, np.ones(len(halves), bool))}
        ahead |= {half: gain(fused, alone, halves == half) for half in HALVES if (halves == half).any()}
        about: dict[str, Any] = {"ahead_of_the_better_space": ahead}
        if set(halves) == set(HALVES):
            about["weights_chosen"] = [self._chosen_weight(half, halves, alone) for half in HALVES]
        return about

    def _chosen_weight(self, half: str, halves: npt.NDArray[np.str_], alone: Sequence[Method]) -> dict[str, Any]:
        """The weight of `appearance` that is best on one half of the queries, and its gain on the other half."""

        def reached(weight: float) -> float:
            return _mean(np.array(self.by_weight[weight].ap)[halves == half]) or 0.0

        best = max(CANDIDATE_WEIGHTS, key=reached)
        return {"on": half, "appearance": best, "ahead": gain(self.by_weight[best], alone, halves != half)}


def gain(fused: Method, alone: Sequence[Method], chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Compare the mean average precision of all spaces together with that of the best one alone.

    Parameters
    ----------
    fused
        What all spaces together reached.
    alone
        What each space reached alone.
    chosen : bool (k,)
        The queries that count.

    Returns
    -------
    dict
        The best space, the difference, and its 95% interval.
    """
    best = max(alone, key=lambda method: float(np.nanmean(np.array(method.ap)[chosen])))
    gains = (np.array(fused.ap) - np.array(best.ap))[chosen]
    return {"space": best.space, "mAP": _mean(gains), "interval": _interval(gains)}


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(known.mean()), 4) if known.size else None


def _interval(values: npt.NDArray[np.float64]) -> list[float]:
    return [round(end, 4) for end in bootstrap_interval(values)]


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block."""
        start = perf_counter()
        yield
        self.add(name, 1000 * (perf_counter() - start))

    def add(self, name: str, milliseconds: float) -> None:
        """Note a time that was measured or computed elsewhere."""
        self.times.setdefault(name, []).append(milliseconds)

    def last(self, name: str) -> float:
        """The time that a stage took last."""
        return self.times[name][-1]

    def medians(self) -> dict[str, float]:
        """The median of each stage."""
        return {name: round(median(times), 2) for name, times in self.times.items()}
