"""Ways from superpixel to superpixel, beside those that SciPy finds, and what is looked at on the way to an object."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from selector.arrays import Members
from selector.segmentation import hierarchy
from selector.selection.geometry import polygon_mask
from selector.selection.objects.likeness import likeness_of
from selector.selection.objects.look import Look, look_at
from selector.selection.objects.ways import DETOUR, MOST_CONTRAST, connected_parts, distances_from

SIDE = 12  # superpixels along a side


def photo_of(seed: int) -> tuple[Look, np.ndarray]:
    """The look of a photo of squares in random colours, and its tree."""
    rng = np.random.default_rng(seed)
    labels = np.kron(np.arange(SIDE * SIDE).reshape(SIDE, SIDE), np.ones((4, 4))).astype(np.uint16)
    rgb = rng.integers(0, 256, (SIDE * SIDE, 3)).astype(np.uint8)[labels]
    return look_at(labels, rgb), hierarchy.build(rgb, labels).parents


members_of = hnp.arrays(np.bool_, SIDE * SIDE)


@given(st.integers(0, 99), members_of)
def test_distances_are_those_of_the_shortest_ways(seed: int, members: Members) -> None:
    look, _ = photo_of(seed)
    members[seed] = True
    one, other = look.pairs.T
    steps = np.hypot(*(look.centres[one] - look.centres[other]).T)
    change = np.sqrt(((look.colours[one] - look.colours[other]) ** 2).sum(axis=1))
    lengths = steps * (1 + DETOUR * np.minimum(change, MOST_CONTRAST) / 10)
    graph = coo_array((lengths, (one, other)), shape=(SIDE * SIDE, SIDE * SIDE)).tocsr()
    expected = dijkstra(graph, directed=False, indices=np.flatnonzero(members), min_only=True)
    np.testing.assert_allclose(distances_from(look, members), expected, rtol=1e-12)


def test_what_no_way_leads_to_is_as_far_as_the_photo_is_large() -> None:
    rgb = np.zeros((4, 8, 3), np.uint8)
    look = look_at(np.zeros((4, 8), np.uint16), rgb)
    assert distances_from(look, np.array([True])).tolist() == [0]
    assert distances_from(look, np.array([False])).tolist() == [12]


@given(members_of)
def test_parts_are_those_that_hang_together(members: Members) -> None:
    look, _ = photo_of(0)
    parts, count = connected_parts(look, members)
    one, other = look.pairs[members[look.pairs].all(axis=1)].T
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(SIDE * SIDE, SIDE * SIDE))
    expected, numbers = connected_components(graph, directed=False)[1], np.arange(SIDE * SIDE)
    assert count == expected.max() + 1
    found, wanted = (np.array([numbers[which == each].min() for each in which]) for which in (parts, expected))
    assert np.array_equal(found, wanted)


def test_what_hardly_looks_alike_is_zero_and_not_a_number_that_processors_are_slow_at() -> None:
    look, parents = photo_of(1)
    alike = likeness_of(look, parents)
    for each in (alike, alike.wider()):
        assert not ((each.alike > 0) & (each.alike < np.finfo(np.float32).tiny)).any()
    assert (alike.alike == 0).any()
    assert alike.alike.max() > 0.5


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=6))
def test_a_polygon_is_the_same_wherever_it_lies(corners: list[tuple[int, int]]) -> None:
    """Only the box around a polygon is looked at: it holds all that is inside."""
    alone = polygon_mask(corners, 30, 40)
    moved = polygon_mask([(x + 7, y + 5) for x, y in corners], 40, 60)
    assert np.array_equal(moved[5:35, 7:47], alone)
    assert moved.sum() == alone.sum()
