"""Growing step by step: where a thing ends, never too far at once, and back the same way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Cut, Parents
from selector.segmentation import hierarchy, slic
from selector.segmentation.superpixels import mean_colours, superpixel_areas
from selector.selection.gestures import grow, shrink
from selector.selection.growing import MOST
from selector.selection.selection import SuperpixelSelection
from tests.pure.six_superpixels import EACH_ALONE, LABELS, NOTHING, PARENTS, selected

GREY = np.array([[50, 0, 0], [54, 0, 0], [90, 0, 0], [52, 0, 0], [54, 0, 0], [90, 0, 0]], float)


def chain(n: int) -> Parents:
    """A tree into which superpixels come one by one, in order."""
    return np.array([n, *range(n, 2 * n - 1), *range(n + 1, 2 * n - 1), 2 * n - 2], np.uint16)


def test_a_step_goes_on_over_contrasts_that_are_hardly_seen() -> None:
    labels, each = np.arange(6, dtype=np.uint16)[None], np.arange(6, dtype=np.uint16)
    colours = np.array([[50, 0, 0], [53, 0, 0], [49, 0, 0], [80, 0, 0], [80, 0, 0], [50, 0, 0]], float)
    selection = SuperpixelSelection.empty(6)
    sizes = []
    for _ in range(4):
        selection = grow(selection, labels, each, (0, 0), "include", parents=chain(6), colours=colours)
        sizes.append(int(selection.included.sum()))
    # The first three are of one shade; the next differ, and what comes after them differs less than they did.
    assert sizes == [1, 3, 6, 6]


def test_a_step_ends_where_more_contrast_would_be_crossed() -> None:
    grown = grow(selected(0), LABELS, EACH_ALONE, (0, 0), "include", parents=PARENTS, colours=GREY)
    assert grown == selected(0, 3)
    # Without the bound of area the next step would take 1 and 4, which hardly differ, but not 2 and 5, which do.
    assert grow(grown, LABELS, EACH_ALONE, (0, 0), "include", parents=PARENTS, colours=GREY) == selected(0, 1, 3, 4)


def test_of_a_node_that_is_too_large_the_part_comes_first_that_touches_and_is_most_alike() -> None:
    # 0 is joined with all others at once; it touches 1 and 3 alone.
    parents = np.array([10, 6, 7, 8, 6, 7, 8, 9, 9, 10, 10], np.uint16)
    for unlike, expected in ((3, selected(0, 1, 4)), (1, selected(0, 3, 4))):
        colours = np.full((6, 3), 50.0)
        colours[2, 0], colours[unlike, 0] = 55, 70
        grown = grow(selected(0), LABELS, EACH_ALONE, (0, 0), "include", parents=parents, colours=colours)
        assert grown == expected


def test_a_region_that_is_too_large_is_taken_in_parts() -> None:
    cut = np.array([0, 1, 1, 1, 1, 1], np.uint16)
    parents = np.array([10, 6, 7, 8, 6, 7, 8, 9, 9, 10, 10], np.uint16)
    grown = grow(selected(0), LABELS, cut, (0, 0), "include", parents=parents, colours=GREY)
    assert grown == selected(0, 3, 1)


def test_one_superpixel_that_is_too_large_is_taken_all_the_same() -> None:
    labels = np.array([[0, 1, 1, 1, 1, 1, 1, 1]], np.uint16)
    both = np.array([0, 1], np.uint16)
    start = SuperpixelSelection(np.array([True, False]), np.zeros(2, bool))
    assert grow(start, labels, both, (0, 0), "include", parents=chain(2)).included.all()


@st.composite
def scenes(draw: st.DrawFn) -> tuple[npt.NDArray[np.uint16], Parents, Cut, npt.NDArray[np.float64], int]:
    """Superpixels in a row, some merge tree over them, the cut of some level, colours, and a superpixel."""
    n = draw(st.integers(2, 25))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.repeat(np.arange(n), random.integers(1, 9, n)).astype(np.uint16)[None]
    parents = np.arange(2 * n - 1, dtype=np.uint16)
    # Neighbours are merged, as in a photo.
    row = list(range(n))
    for node in range(n, 2 * n - 1):
        i = int(random.integers(len(row) - 1))
        parents[row[i]] = parents[row[i + 1]] = node
        row[i : i + 2] = [node]
    cut = hierarchy.Hierarchy(parents).cut(int(random.integers(1, n + 1)))
    return labels, parents, cut, random.integers(0, 1600, (n, 3)) / 16, int(random.integers(n))


@given(scenes(), st.booleans())
def test_no_step_is_too_large_and_each_is_taken_back(
    scene: tuple[npt.NDArray[np.uint16], Parents, Cut, npt.NDArray[np.float64], int], with_colours: bool
) -> None:
    labels, parents, cut, means, superpixel = scene
    colours = means if with_colours else None
    areas = superpixel_areas(labels, cut.size)
    point = (float(np.flatnonzero(labels[0] == superpixel)[0]), 0.0)
    states = [SuperpixelSelection.empty(cut.size)]
    while True:
        after = grow(states[-1], labels, cut, point, "include", parents=parents, colours=colours)
        if after == states[-1]:
            break
        states.append(after)
    assert states[-1].included.all()
    for before, after in pairwise(states[1:]):
        added = after.included & ~before.included
        assert added.any() and not (before.included & ~after.included).any()
        assert areas[after.included].sum() <= MOST * areas[before.included].sum() or added.sum() == 1
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        assert shrink(after, labels, point, "include", parents=parents, cut=cut, colours=colours) == before


@pytest.mark.parametrize("level", [20, 60])
def test_a_coin_on_a_table_is_one_step_and_the_table_comes_bit_by_bit(level: int) -> None:
    rows, columns = np.mgrid[:160, :240]
    picture = np.full((160, 240, 3), 60, np.uint8)
    coin = np.hypot(columns - 120, rows - 80) < 26
    picture[coin] = 150
    picture = (picture + np.random.default_rng(3).integers(-9, 10, picture.shape)).astype(np.uint8)
    labels = slic.segment(picture, 300)
    tree = hierarchy.build(picture, labels)
    cut, n = tree.cut(level), tree.n_superpixels
    colours = mean_colours(picture, labels, n)
    selection, shares, overlaps = SuperpixelSelection.empty(n), [], []
    while not selection.included.all():
        selection = grow(selection, labels, cut, (120, 80), "include", parents=tree.parents, colours=colours)
        shown = selection.included[labels]
        shares.append(shown.mean())
        overlaps.append((shown & coin).sum() / (shown | coin).sum())
    assert max(overlaps) > 0.9
    assert max(b / a for a, b in pairwise(shares)) <= MOST
    assert len(shares) <= 8


def test_growing_from_nothing_begins_with_the_region() -> None:
    assert grow(NOTHING, LABELS, EACH_ALONE, (0, 0), "include", parents=PARENTS, colours=GREY) == selected(0)
