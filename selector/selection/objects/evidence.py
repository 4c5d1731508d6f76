"""What a person has shown of one object: how they began, and their corrections."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from selector.arrays import Members
from selector.selection.geometry import MAX_POINTS, Point, Points

Start: TypeAlias = Literal["box", "loop", "stroke", "tap", "selection"]

# No hand needs more, and each takes its room in the history.
MOST_CORRECTIONS = 200


@dataclass(frozen=True)
class Correction:
    """What a person does after the first gesture: a stroke, a click, or a step to a larger or smaller object.

    Attributes
    ----------
    points : tuple of (x, y)
        Of a step none.
    add : bool
        What is under the points belongs to the object; False: it does not. Of a step: larger; False: smaller.
    """

    points: tuple[Point, ...]
    add: bool


@dataclass(frozen=True)
class Evidence:
    """What a person has shown of one object. Points are pixels of the working copy, and may lie outside of it.

    Attributes
    ----------
    start : {"box", "loop", "stroke", "tap", "selection"}
    points : tuple of (x, y)
        Of a box two opposite corners, or more: the smallest box around them is meant. Of a loop its outline, which
        closes itself. Of a stroke what it goes through. Of a tap one point. Of a selection nothing.
    corrections : tuple of Correction
        In the order in which they were made.
    selected : bytes
        Of a start with a selection: a bit for every superpixel, the first one highest.
    """

    start: Start
    points: tuple[Point, ...]
    corrections: tuple[Correction, ...] = ()
    selected: bytes = b""

    def __post_init__(self) -> None:
        if self.start not in get_args(Start):
            raise ValueError("An object begins with a box, a loop, a stroke, a tap or a selection.")
        fewest = {"box": 2, "selection": 0}.get(self.start, 1)
        if len(self.points) < fewest or (self.start == "tap" and len(self.points) > 1):
            raise ValueError("The gesture has too few points or too many.")
        if (self.start == "selection") != bool(self.selected):
            raise ValueError("What is selected belongs to a start with a selection, and to no other.")
        if len(self.corrections) > MOST_CORRECTIONS:
            raise ValueError(f"An object is corrected at most {MOST_CORRECTIONS} times.")

    @classmethod
    def of_selection(cls, members: Members) -> Evidence:
        """A start with superpixels that are selected, bool (n,).

        Parameters
        ----------
        members : bool ndarray, shape (n,)

        Returns
        -------
        Evidence
        """
        return cls("selection", (), selected=np.packbits(members).tobytes())

    def corrected(self, points: Points, add: bool) -> Evidence:
        """The evidence with one more correction.

        Parameters
        ----------
        points : sequence of (x, y)
        add : bool

        Returns
        -------
        Evidence
        """
        return replace(self, corrections=(*self.corrections, Correction(checked_points(points), add)))

    def resized(self, steps: int) -> Evidence:
        """The evidence for an object that is larger by some steps, or, below zero, smaller.

        A step takes the one before back if that went the other way, so the object is again what it was.
        """
        corrections, step = list(self.corrections), Correction((), steps > 0)
        for _ in range(abs(steps)):
            if corrections and corrections[-1] == Correction((), not step.add):
                corrections.pop()
            else:
                corrections.append(step)
        return replace(self, corrections=tuple(corrections))

    def members(self, n: int) -> Members:
        """The superpixels that a start with a selection is made of.

        Parameters
        ----------
        n : int
            How many superpixels the photo has.

        Returns
        -------
        bool ndarray, shape (n,)

        Raises
        ------
        ValueError
            If it was a selection of another number of superpixels.
        """
        if len(self.selected) != (n + 7) // 8:
            raise ValueError("The selection is of another photo.")
        bits = np.unpackbits(np.frombuffer(self.selected, np.uint8)).view(bool)
        if bits[n:].any():
            raise ValueError("The selection is of another photo.")
        return bits[:n].copy()

    def as_json(self) -> dict[str, Any]:
        """The evidence in values that JSON has, coordinates to a tenth of a pixel."""
        return {
            "start": self.start,
            "points": _flat(self.points),
            "corrections": [[_flat(each.points), each.add] for each in self.corrections],
            "selected": base64.b64encode(self.selected).decode(),
        }

    @classmethod
    def from_json(cls, data: object) -> Evidence:
        """The evidence that `as_json` gave; ValueError for anything else."""
        try:
            assert isinstance(data, dict)
            corrections = tuple(Correction(_pairs(points), add) for points, add in data["corrections"])
            assert all(isinstance(each.add, bool) for each in corrections)
            selected = base64.b64decode(data["selected"], validate=True)
            return cls(data["start"], _pairs(data["points"]), corrections, selected)
        except (AssertionError, KeyError, TypeError, binascii.Error) as problem:
            raise ValueError("This is no description of an object.") from problem


def checked_points(points: Points) -> tuple[Point, ...]:
    """Points as pairs of finite numbers.

    Parameters
    ----------
    points : sequence of (x, y)

    Returns
    -------
    tuple of (x, y)
        To a tenth of a pixel.

    Raises
    ------
    ValueError
        For what are no points, for none, and for more than `MAX_POINTS`.
    """
    coordinates = np.asarray(points, np.float64)
    if coordinates.ndim != 2 or coordinates.shape[1] != 2 or not 1 <= len(coordinates) <= MAX_POINTS:
        raise ValueError(f"A gesture has 1 to {MAX_POINTS} points, each with an x and a y.")
    if not np.isfinite(coordinates).all():
        raise ValueError("A point lies nowhere.")
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in coordinates)


def _flat(points: Iterable[Point]) -> list[float]:
    """x, y, x, y and so on."""
    return [round(coordinate, 1) for point in points for coordinate in point]


def _pairs(numbers: list[float]) -> tuple[Point, ...]:
    """The points that `_flat` wrote."""
    return checked_points(np.asarray(numbers, np.float64).reshape(-1, 2)) if numbers else ()
