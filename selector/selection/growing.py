"""Growing a selection step by step up the merge tree, and the way back.

A step goes up as long as little contrast is crossed, so that it ends where a thing ends, and takes in no more than
`MOST` times what was there. A tree has steps that are larger than that, a coin's into the whole table: of those a part
is taken, the regions nearest and most alike first.

`static/js/lib/growth.js` does the very same, to show a step before it is taken.
"""

from __future__ import annotations

import heapq
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from selector.arrays import Cut, Labels, Members, Parents
from selector.segmentation.superpixels import neighbours, superpixel_areas
from selector.selection.tree import path_to_root

# What a step makes of the selection around a point, at most, as a multiple of its area.
MOST = 3
# Contrasts between two mean colours, squared as everything here, in CIELAB: a step goes on over one of 7, which is
# what shade makes of one colour, and over one that is a quarter more than the first one it has crossed.
FAINT = 7.0**2
AS_FAINT = 1.25**2


class Ladder:
    """The steps around one superpixel.

    Parameters
    ----------
    labels : uint16 ndarray, shape (H, W)
    cut : uint16 ndarray, shape (n,)
        The regions that a step larger than allowed is taken in.
    parents : uint16 ndarray, shape (2n - 1,)
    superpixel : int
    colours : float ndarray, shape (n, 3), optional
        Mean colour of each superpixel in CIELAB. Without it every node of the tree is a step of its own.
    """

    def __init__(
        self,
        labels: Labels,
        cut: Cut,
        parents: Parents,
        superpixel: int,
        colours: npt.NDArray[np.floating[Any]] | None = None,
    ) -> None:
        self._labels, self._cut, self._superpixel = labels, cut, superpixel
        self._areas = superpixel_areas(labels, cut.size)
        self._sums = self._areas[:, None] * (np.zeros((cut.size, 3)) if colours is None else colours)
        path = path_to_root(parents, superpixel)
        self._joins = _rung_of_each(parents, path)
        self._totals = np.bincount(self._joins, self._areas).cumsum()
        self._contrasts = self._crossed() if colours is not None else np.full(len(path), np.inf)
        self._stops_at_each = colours is None

    def start(self) -> Members:
        """The region of the superpixel: where growing begins.

        Returns
        -------
        bool ndarray, shape (n,)
        """
        region: Members = self._cut == self._cut[self._superpixel]
        return region

    def above(self, selected: Members) -> Members:
        """What is selected after one step.

        Parameters
        ----------
        selected : bool ndarray, shape (n,)
            The superpixel is among them.

        Returns
        -------
        bool ndarray, shape (n,)
            The same when everything is selected.
        """
        lacking = np.bincount(self._joins[~selected], minlength=self._totals.size)
        if not lacking.any():
            return selected
        rung = int(np.flatnonzero(lacking)[0])
        held = selected & (self._joins <= rung)
        most = MOST * int(self._areas[held].sum())
        if self._totals[rung] > most:
            return selected | self._part(held, (self._joins <= rung) & ~held, most * (MOST - 1) // MOST)
        if not self._stops_at_each:
            faint = max(FAINT, AS_FAINT * self._contrasts[rung])
            beyond = (self._contrasts > faint) | (self._totals > most)
            beyond[: rung + 1] = False
            rung = int(beyond.argmax()) - 1 if beyond.any() else beyond.size - 1
        return selected | (self._joins <= rung)

    def last_step(self, selected: Members) -> Members:
        """What the last step has added that led to a selection.

        Parameters
        ----------
        selected : bool ndarray, shape (n,)
            The superpixel is among them.

        Returns
        -------
        bool ndarray, shape (n,)
            Steps begin at the region, or at the superpixel where the region is not wholly selected.
        """
        held, before = self.start(), np.zeros_like(selected)
        if not selected[held].all():
            held = np.arange(selected.size) == self._superpixel
        while True:
            after = self.above(held)
            if np.array_equal(after, held) or not selected[after].all():
                return held & ~before
            before, held = held, after

    def _crossed(self) -> npt.NDArray[np.float64]:
        """The contrast that each rung crosses: what is below it against what it adds."""
        added = np.stack([np.bincount(self._joins, plane) for plane in self._sums.T], axis=1)
        areas = np.bincount(self._joins, self._areas)
        below = added.cumsum(axis=0)[:-1] / self._totals[:-1, None]
        return np.concatenate([[0.0], _squares(below - added[1:] / areas[1:, None])])

    def _part(self, held: Members, wanted: Members, room: int) -> Members:
        """Some of the superpixels wanted, in regions if one fits the room, else in superpixels, and always one."""
        superpixels = np.arange(self._cut.size)
        _, first, region = np.unique(self._cut, return_index=True, return_inverse=True)
        for units in (first[region], superpixels):
            if (part := self._nearest(units, held, wanted, room)).any():
                return part
        beside = np.zeros(superpixels.size + 1, bool)
        beside[list(self._beside(superpixels, held, wanted).get(superpixels.size, ()))] = True
        candidates = np.flatnonzero(wanted & beside[:-1]) if beside.any() else np.flatnonzero(wanted)
        smallest: Members = superpixels == candidates[self._areas[candidates].argmin()]
        return smallest

    def _nearest(self, units: npt.NDArray[np.intp], held: Members, wanted: Members, room: int) -> Members:
        """The units that touch what is held, or each other, most alike first, until one has no room."""
        n = self._cut.size
        areas = np.bincount(units[wanted], self._areas[wanted], n)
        beside = self._beside(units, held, wanted)
        mean = self._sums[held].sum(axis=0) / self._areas[held].sum()
        sums = np.stack([np.bincount(units[wanted], plane[wanted], n) for plane in self._sums.T], axis=1)
        unlike = _squares(sums / np.maximum(areas, 1)[:, None] - mean)
        seen, taken = {n}, list[int]()
        edge: list[tuple[float, int]] = []
        arrived = n
        while True:
            for unit in beside.get(arrived, set()) - seen:
                heapq.heappush(edge, (float(unlike[unit]), unit))
                seen.add(unit)
            while edge and areas[edge[0][1]] > room and not taken:
                heapq.heappop(edge)
            if not edge or areas[edge[0][1]] > room:
                return wanted & np.isin(units, taken)
            arrived = heapq.heappop(edge)[1]
            taken.append(arrived)
            room -= int(areas[arrived])

    def _beside(self, units: npt.NDArray[np.intp], held: Members, wanted: Members) -> dict[int, set[int]]:
        """Which units of what is wanted touch which others; n stands for what is held."""
        n = self._cut.size
        ids = np.where(held, n, np.where(wanted, units, -1))
        pairs = ids[self._touching]
        found: dict[int, set[int]] = {}
        for one, other in pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])].tolist():
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
        return found

    @cached_property
    def _touching(self) -> npt.NDArray[np.intp]:
        """The pairs of superpixels that share a border."""
        return neighbours(self._labels, np.arange(self._cut.size, dtype=np.uint16))


def _rung_of_each(parents: Parents, path: list[int]) -> npt.NDArray[np.intp]:
    """How far up a path to the root each superpixel comes in, (n,): 0 for the one that it begins at."""
    tops = parents.astype(np.intp)
    tops[path] = path
    while not np.array_equal(tops, further := tops[tops]):
        tops = further
    rungs = np.zeros(parents.size, np.intp)
    rungs[path] = np.arange(len(path))
    return rungs[tops[: (parents.size + 1) // 2]]


def _squares(differences: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The squared length of each row of three, added in this order here and in the browser."""
    x, y, z = differences.T
    squares: npt.NDArray[np.float64] = x * x + y * y + z * z
    return squares
