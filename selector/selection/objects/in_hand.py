"""The object that a person has in hand: begun by one gesture, refined by others, beside all else that is selected."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from selector.arrays import Floats, Labels, Members, Parents
from selector.selection.geometry import Points
from selector.selection.objects.cutting import cut_object
from selector.selection.objects.evidence import Correction, Evidence, Start, checked_points
from selector.selection.objects.growing import grown
from selector.selection.objects.look import Look
from selector.selection.objects.shown import under_line
from selector.selection.selection import Mode, SuperpixelSelection

# As many points as a line or an outline needs. Each stays in the history.
MOST_POINTS = 256


@dataclass(frozen=True, eq=False)
class Seen:
    """A photo as objects are found in it.

    Attributes
    ----------
    labels : uint16 ndarray, shape (H, W)
    parents : uint16 ndarray, shape (2n - 1,)
    look : Look
    features : float32 ndarray, shape (n, d), optional
        What a model has seen in each superpixel.
    """

    labels: Labels
    parents: Parents
    look: Look
    features: Floats | None = None

    def cut(self, evidence: Evidence, before: Members | None = None) -> Members:
        """The object that evidence means: see `cut_object`.

        Parameters
        ----------
        evidence : Evidence
        before : bool ndarray, shape (n,), optional

        Returns
        -------
        bool ndarray, shape (n,)
        """
        return cut_object(self.labels, self.parents, self.look, evidence, before=before, features=self.features)


@dataclass(frozen=True, eq=False)
class ObjectInHand:
    """An object, what was shown of it, and what was selected before it was.

    Attributes
    ----------
    evidence : Evidence
    mode : {"include", "exclude"}
    members : bool ndarray, shape (n,)
        The object as it was found.
    beneath : bool ndarray, shape (n,)
        What was selected already when it was begun: that stays, however the object changes.
    earlier : bool ndarray, shape (n,), optional
        What it was before the last of its corrections.
    """

    evidence: Evidence
    mode: Mode
    members: Members
    beneath: Members
    earlier: Members | None = None

    @classmethod
    def begun(
        cls, selection: SuperpixelSelection, seen: Seen, start: Start, points: Points, mode: Mode
    ) -> ObjectInHand:
        """The object that a first gesture means.

        Parameters
        ----------
        selection : SuperpixelSelection
            Before the gesture.
        seen : Seen
        start : {"box", "loop", "stroke", "tap"}
        points : sequence of (x, y)
            As in `Evidence`.
        mode : {"include", "exclude"}

        Returns
        -------
        ObjectInHand

        Raises
        ------
        ValueError
            If the gesture lies outside of the photo, or has too few points or too many.
        """
        evidence = Evidence(start, checked_points(_thinned(points)))
        return cls(evidence, mode, seen.cut(evidence), selection.of(mode))

    @classmethod
    def of_selection(cls, selection: SuperpixelSelection, mode: Mode) -> ObjectInHand:
        """All that is selected in a mode, taken for an object as it is."""
        selected = selection.of(mode)
        return cls(Evidence.of_selection(selected), mode, selected, np.zeros_like(selected))

    def grown(self, seen: Seen) -> ObjectInHand:
        """The object that what is selected is a part of."""
        members = grown(seen.labels, seen.parents, seen.look, self.members, features=seen.features)
        return replace(self, evidence=self.evidence.resized(1), members=members)

    def corrected(self, seen: Seen, points: Points, *, add: bool) -> ObjectInHand:
        """The object after a stroke or click over what belongs to it, or does not.

        Parameters
        ----------
        seen : Seen
        points : sequence of (x, y)
        add : bool

        Returns
        -------
        ObjectInHand

        Raises
        ------
        ValueError
            For a point outside of the photo, and after too many corrections.
        """
        return self._cut_again(seen, self.evidence.corrected(_thinned(points), add))

    def resized(self, seen: Seen, steps: int) -> ObjectInHand:
        """The object a step larger (1) or smaller (-1); ValueError after too many."""
        evidence = self.evidence.resized(steps)
        if len(evidence.corrections) > len(self.evidence.corrections):
            return self._cut_again(seen, evidence)
        members = seen.cut(evidence) if self.earlier is None else self.earlier
        return replace(self, evidence=evidence, members=members, earlier=None)

    def _cut_again(self, seen: Seen, evidence: Evidence) -> ObjectInHand:
        return replace(self, evidence=evidence, members=seen.cut(evidence, self.members), earlier=self.members)

    def put_into(
        self, selection: SuperpixelSelection, seen: Seen, before: ObjectInHand | None = None
    ) -> SuperpixelSelection:
        """The selection with this object in it.

        Only what has changed of the object changes. What was selected beside or beneath it stays, and so does what
        other tools have made of it since; but what a correction points at itself is as it says.

        Parameters
        ----------
        selection : SuperpixelSelection
        seen : Seen
        before : ObjectInHand, optional
            The same object before it was refined.

        Returns
        -------
        SuperpixelSelection
        """
        if before is None:
            return selection.plus(self.members, self.mode)
        gone, come = before.members & ~self.members & ~self.beneath, self.members & ~before.members
        last = self.evidence.corrections[len(before.evidence.corrections) :]
        if last and last[-1].points:
            under = under_line(seen.labels, seen.look, last[-1].points)
            gone |= under & before.members & ~self.members
            come |= under & self.members
        return selection.minus(gone, self.mode).plus(come, self.mode)

    def as_step(self, before: ObjectInHand | None = None) -> dict[str, Any]:
        """What a step of the history keeps of it, in values that JSON has.

        Parameters
        ----------
        before : ObjectInHand, optional
            The same object before it was refined: then only what is new.
        """
        found = {"members": _packed(self.members)}
        if before is None:
            return {**found, "mode": self.mode, "beneath": _packed(self.beneath), "evidence": self.evidence.as_json()}
        if len(self.evidence.corrections) < len(before.evidence.corrections):
            return found  # a step larger or smaller that takes the one before back
        last = self.evidence.corrections[-1]
        return {**found, "points": [list(point) for point in last.points], "add": last.add}

    @classmethod
    def from_steps(cls, steps: Sequence[dict[str, Any]], n: int) -> ObjectInHand:
        """The object on a photo of `n` superpixels that these steps have made, the first of which began it."""
        first, *rest = steps
        evidence, found = Evidence.from_json(first["evidence"]), [first["members"]]
        for step in rest:
            if "add" not in step:
                evidence = replace(evidence, corrections=evidence.corrections[:-1])
                found.pop()
                continue
            last = Correction(tuple((x, y) for x, y in step["points"]), step["add"])
            evidence = replace(evidence, corrections=(*evidence.corrections, last))
            found.append(step["members"])
        *_, earlier, members = [None, *(_unpacked(each, n) for each in found[-2:])]
        return cls(evidence, first["mode"], members, _unpacked(first["beneath"], n), earlier)


def _thinned(points: Points) -> Points:
    """Some of the points of a line, the ends among them."""
    stride = math.ceil(len(points) / MOST_POINTS)
    return points if stride < 2 else [*points[:-1:stride], points[-1]]


def _packed(members: Members) -> str:
    return base64.b64encode(np.packbits(members).tobytes()).decode()


def _unpacked(text: str, n: int) -> Members:
    bits = np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8), count=n)
    return bits.view(bool)
