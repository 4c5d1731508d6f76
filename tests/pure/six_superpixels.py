"""A photo of six superpixels, its merge tree, and selections on it: small enough to be checked by eye."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from selector.arrays import Members
from selector.selection.geometry import Point
from selector.selection.selection import SuperpixelSelection

# Two rows of three superpixels; each is two pixels wide and one high.
LABELS = np.array([[0, 0, 1, 1, 2, 2], [3, 3, 4, 4, 5, 5]], np.uint16)
EACH_ALONE = np.arange(6, dtype=np.uint16)
LEFT_MIDDLE_RIGHT = np.array([0, 1, 2, 0, 1, 2], np.uint16)
# 0 and 3 make 6, 1 and 4 make 7, 2 and 5 make 8; 6 and 7 make 9, 9 and 8 make the whole, 10.
PARENTS = np.array([6, 7, 8, 6, 7, 8, 9, 9, 10, 10, 10], np.uint16)

NOTHING = SuperpixelSelection.empty(6)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """The polygon between two opposite corners."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def flags(*superpixels: int, n: int = 6) -> Members:
    """These superpixels of n, bool (n,)."""
    return np.isin(np.arange(n), superpixels)


def selected(*included: int, excluded: tuple[int, ...] = ()) -> SuperpixelSelection:
    """The selection of these superpixels and no others."""
    return SuperpixelSelection(flags(*included), flags(*excluded))


@st.composite
def selections(draw: st.DrawFn, n: int = 6) -> SuperpixelSelection:
    """Any selection of n superpixels."""
    states = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    return SuperpixelSelection(states == 1, states == 2)
