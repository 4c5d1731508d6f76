"""The regions that are indexed: nodes of the tree, of sensible size, that stand for all others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.descriptors.pooling import membership, region_sums, unit
from gallery.descriptors.region_choice import candidates, choose_regions, facility_location, node_sums
from selector.selection.tree import node_members

Parents = npt.NDArray[np.uint16]

#        6
#      /   \
#     4     5
#    / \   / \
#   0   1 2   3
BALANCED = np.array([4, 4, 5, 5, 6, 6, 6], np.uint16)
CHAIN = np.array([4, 4, 5, 6, 5, 6, 6], np.uint16)  # 0 and 1, then 2, then 3


@st.composite
def trees(draw: st.DrawFn) -> Parents:
    """Any order of merging up to 30 superpixels."""
    n = draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parents = np.arange(2 * n - 1, dtype=np.uint16)
    alive = list(range(n))
    for node in range(n, 2 * n - 1):
        for _ in range(2):
            parents[alive.pop(int(random.integers(len(alive))))] = node
        alive.append(node)
    return parents


@given(trees(), st.integers(0, 2**32 - 1))
def test_the_sum_of_a_node_is_that_of_the_superpixels_below_it(parents: Parents, seed: int) -> None:
    n = (len(parents) + 1) // 2
    features = np.random.default_rng(seed).integers(0, 9, (n, 3)).astype(np.float32)
    members = np.stack([node_members(parents, node) for node in range(len(parents))])
    assert np.array_equal(node_sums(parents, features), members.astype(np.float32) @ features)


@given(trees(), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_the_whole_image_comes_first_and_no_region_twice(parents: Parents, count: int, seed: int) -> None:
    n = (len(parents) + 1) // 2
    random = np.random.default_rng(seed)
    features, areas = random.random((n, 4), np.float32), random.integers(1, 50, n)
    chosen = choose_regions(parents, features, areas, count=count)
    assert chosen[0] == len(parents) - 1
    assert len(chosen) == len(set(chosen)) <= count + 1
    assert set(chosen[1:]) <= set(candidates(parents, areas).tolist())
    assert chosen == choose_regions(parents.copy(), features.copy(), areas.copy(), count=count)


def test_regions_that_are_too_small_or_nearly_everything_are_left_out() -> None:
    areas = np.array([1, 9, 30, 60])
    assert candidates(BALANCED, areas, min_share=0.05, max_share=0.95).tolist() == [1, 2, 3, 4, 5]
    assert candidates(BALANCED, areas, min_share=0.1, max_share=0.7).tolist() == [2, 3, 4]


def test_of_a_region_that_grows_little_by_little_only_the_end_is_taken() -> None:
    areas = np.array([50, 1, 1, 48])
    assert candidates(CHAIN, areas).tolist() == [1, 2, 3, 5]


def test_the_largest_of_the_sensible_sizes_is_kept_though_its_parent_is_hardly_larger() -> None:
    areas = np.array([94, 1, 1, 4])
    assert 5 not in candidates(CHAIN, areas, max_share=0.955)
    assert 4 in candidates(CHAIN, areas, max_share=0.955)


def test_each_kind_of_stuff_gets_a_region_of_its_own() -> None:
    stuff = np.eye(3, dtype=np.float32)[[0, 0, 0, 0, 1, 1, 2, 2]]
    parents = np.array([8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 14], np.uint16)
    chosen = choose_regions(parents, stuff, np.full(8, 100), count=4)
    kinds = [set(stuff[node_members(parents, node)].argmax(axis=1).tolist()) for node in chosen]
    assert all({kind} in kinds for kind in range(3))


def test_what_is_common_is_chosen_before_what_is_odd() -> None:
    vectors = unit(np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0.1], [1, 0.1, 0], [0, 0, 1]], np.float32))
    assert facility_location(vectors, 2) == [0, 1]


def test_an_image_of_one_colour_has_no_region_but_itself() -> None:
    assert choose_regions(BALANCED, np.ones((4, 2), np.float32), np.full(4, 25)) == [6]


def test_an_image_of_one_superpixel_is_its_only_region() -> None:
    assert choose_regions(np.zeros(1, np.uint16), np.ones((1, 2), np.float32), np.array([7])) == [0]


def test_features_of_another_number_of_superpixels_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit a tree over 4"):
        choose_regions(BALANCED, np.ones((5, 2), np.float32), np.full(4, 25))


def test_regions_may_be_given_as_masks_or_as_numbers() -> None:
    features = np.array([[1.0], [2.0], [4.0]], np.float32)
    masks = np.array([[True, False, True], [False, False, False]])
    listed = [np.array([2, 0]), np.array([], np.intp)]
    assert np.array_equal(membership(listed, 3), masks)
    assert region_sums(features, masks).tolist() == region_sums(features, listed).tolist() == [[5.0], [0.0]]
