"""The merge tree: nested partitions of any number of regions, and regions that are things."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Labels
from selector.segmentation.hierarchy import Hierarchy, build
from selector.segmentation.slic import segment
from tests.pure.scenes import Pixels, digest, scene
from tests.pure.test_slic import THOROUGHLY, n_pieces, pictures


def tree_of(rgb: Pixels, n_superpixels: int) -> tuple[Labels, Hierarchy]:
    labels = segment(rgb, n_superpixels)
    return labels, build(rgb, labels)


def refines(fine: Labels, coarse: Labels) -> bool:
    """Whether every region of `fine` lies within one of `coarse`."""
    pairs = np.unique(np.stack([fine, coarse]), axis=1)
    return len(pairs.T) == len(np.unique(fine))


@THOROUGHLY
@given(pictures(), st.integers(1, 300), st.data())
def test_every_cut_is_a_partition_into_connected_regions(rgb: Pixels, n_superpixels: int, data: st.DataObject) -> None:
    labels, tree = tree_of(rgb, n_superpixels)
    level = data.draw(st.integers(1, tree.n_superpixels))
    regions = tree.cut(level)
    assert regions.dtype == np.uint16
    assert regions.shape == (tree.n_superpixels,)
    present, first = np.unique(regions, return_index=True)
    assert np.array_equal(present, np.arange(level))
    assert np.array_equal(first, np.sort(first))
    assert n_pieces(regions[labels]) == level


@THOROUGHLY
@given(pictures(), st.integers(1, 300), st.data())
def test_every_level_refines_the_one_below(rgb: Pixels, n_superpixels: int, data: st.DataObject) -> None:
    _, tree = tree_of(rgb, n_superpixels)
    level = data.draw(st.integers(1, tree.n_superpixels))
    assert refines(tree.cut(level + 1), tree.cut(level))


@THOROUGHLY
@given(pictures(), st.integers(1, 300), st.lists(st.integers(-3, 400), min_size=1, max_size=8))
def test_a_cut_does_not_depend_on_earlier_cuts(rgb: Pixels, n_superpixels: int, levels: list[int]) -> None:
    labels, tree = tree_of(rgb, n_superpixels)
    one_after_another = [tree.cut(level) for level in levels]
    for level, regions in zip(levels, one_after_another, strict=True):
        assert np.array_equal(regions, build(rgb, labels).cut(level))


@THOROUGHLY
@given(pictures(longest=24), st.integers(1, 200), st.integers(1, 12))
def test_a_cut_keeps_exactly_the_first_merges(rgb: Pixels, n_superpixels: int, step: int) -> None:
    _, tree = tree_of(rgb, n_superpixels)
    n, parents = tree.n_superpixels, tree.parents.tolist()
    for level in range(1, n + 1, step):
        root = list(range(2 * n - level))
        for node in range(2 * n - level - 1, -1, -1):
            if parents[node] < 2 * n - level:
                root[node] = root[parents[node]]
        _, expected = np.unique(root[:n], return_inverse=True)
        cut = tree.cut(level)
        assert len(np.unique(np.stack([cut, expected]), axis=1).T) == level


@THOROUGHLY
@given(pictures(), st.integers(1, 300))
def test_a_tree_joins_every_node_once_and_survives_storage(rgb: Pixels, n_superpixels: int) -> None:
    _, tree = tree_of(rgb, n_superpixels)
    n = tree.n_superpixels
    assert tree.parents.dtype == np.uint16
    assert tree.parents[-1] == 2 * n - 2
    assert np.all(tree.parents[:-1] > np.arange(2 * n - 2))
    assert np.array_equal(np.bincount(tree.parents[:-1], minlength=2 * n - 1), np.repeat([0, 2], [n, n - 1]))
    assert np.array_equal(Hierarchy.from_bytes(tree.to_bytes()).parents, tree.parents)


def test_cuts_of_a_tree_written_by_hand() -> None:
    #       6
    #     /   \
    #    4     5      superpixels 0 and 2 merge first, then 1 and 3, then all
    #   0 2   1 3
    tree = Hierarchy(np.array([4, 5, 4, 5, 6, 6, 6], np.uint16))
    assert tree.n_superpixels == 4
    assert tree.cut(1).tolist() == [0, 0, 0, 0]
    assert tree.cut(2).tolist() == [0, 1, 0, 1]
    assert tree.cut(3).tolist() == [0, 1, 0, 2]
    assert tree.cut(4).tolist() == [0, 1, 2, 3]


def test_levels_beyond_the_ends_are_clipped() -> None:
    tree = Hierarchy(np.array([3, 4, 3, 4, 4], np.uint16))
    assert tree.cut(-5).tolist() == tree.cut(0).tolist() == tree.cut(1).tolist() == [0, 0, 0]
    assert tree.cut(99).tolist() == tree.cut(3).tolist() == [0, 1, 2]


def test_a_level_must_be_whole() -> None:
    with pytest.raises(TypeError):
        Hierarchy(np.array([0], np.uint16)).cut(1.5)  # type: ignore[arg-type]  # wrong on purpose


def test_equal_colours_merge_first() -> None:
    labels = np.arange(4, dtype=np.uint16).reshape(1, 4).repeat(10, axis=1).repeat(10, axis=0)
    rgb = np.array([[90, 90, 90], [200, 40, 40], [200, 40, 40], [95, 90, 90]], np.uint8)[labels]
    tree = build(rgb, labels)
    assert tree.parents[1] == tree.parents[2] == 4
    assert tree.cut(3).tolist() == [0, 1, 1, 2]


def test_things_of_one_colour_become_regions() -> None:
    y, x = np.mgrid[:150, :200]
    truth = np.zeros((150, 200), np.int64)
    truth[(x - 60) ** 2 + (y - 70) ** 2 < 40**2] = 1
    truth[(np.abs(x - 150) < 30) & (np.abs(y - 80) < 50)] = 2
    colours = np.array([(110, 120, 90), (190, 80, 60), (60, 80, 160)])
    rgb = (colours[truth] + np.random.default_rng(0).integers(0, 20, (150, 200, 3))).astype(np.uint8)
    labels, tree = tree_of(rgb, 600)
    regions = tree.cut(3)[labels]
    _, parts = np.unique(np.stack([regions.ravel(), truth.ravel()]), axis=1, return_counts=True)
    assert np.sort(parts)[-3:].sum() > 0.995 * truth.size


def test_textures_of_one_mean_colour_are_told_apart() -> None:
    rgb = np.full((120, 160, 3), 120, np.uint8)
    rgb[:, 70:] += np.random.default_rng(0).choice([-30, 30], (120, 90, 1)).astype(np.uint8)
    labels, tree = tree_of(rgb, 200)
    rough = tree.cut(2)[labels] == tree.cut(2)[labels[60, 130]]
    assert (rough == (np.arange(160) >= 70)).mean() > 0.97


def test_a_gradual_change_costs_less_than_an_edge() -> None:
    # A wall in light that falls off, and a strip on it that differs less from it than the wall does from itself.
    rgb = np.repeat(np.linspace(60, 200, 400).astype(np.uint8)[None, :, None], 100, axis=0).repeat(3, axis=2)
    rgb[40:60, 100:200, 0] += 30
    labels, tree = tree_of(rgb, 400)
    regions = tree.cut(4)[labels]
    strip = regions[50, 150]
    assert (regions[42:58, 105:195] == strip).mean() > 0.9
    assert (regions[:36] == strip).mean() < 0.02


def test_a_flat_picture_is_divided_evenly() -> None:
    labels, tree = tree_of(np.full((100, 150, 3), 80, np.uint8), 300)
    for level in (2, 6, 20):
        sizes = np.bincount(tree.cut(level)[labels].ravel())
        assert sizes.max() < 6 * sizes.min()


def test_one_superpixel_is_a_tree_of_its_own() -> None:
    tree = build(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint16))
    assert tree.parents.tolist() == [0]
    assert tree.cut(7).tolist() == [0]


def test_as_many_superpixels_as_there_may_be() -> None:
    labels = np.arange(32_768, dtype=np.uint16).reshape(128, 256)
    labels[-1, -1] -= 1
    tree = build(scene(128, 256), labels)
    assert tree.n_superpixels == 32_767
    assert tree.parents[-1] == 65_532
    assert len(np.unique(tree.cut(1000))) == 1000
    labels[-1, -1] += 1
    with pytest.raises(ValueError, match="at most 32767"):
        build(scene(128, 256), labels)


def test_labels_need_not_be_writable_or_in_one_block() -> None:
    rgb = scene()
    labels = segment(rgb, 80)
    view = np.asfortranarray(labels)
    view.flags.writeable = False
    assert np.array_equal(build(rgb, view).parents, build(rgb, labels).parents)


def test_labels_in_pieces_are_merged_all_the_same() -> None:
    labels = (np.add.outer(np.arange(40), np.arange(40)) % 7 * 3 + np.arange(40) % 3).astype(np.uint16)
    assert build(scene(40, 40), labels).n_superpixels == 21


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((4, 4), np.int64),
        np.zeros((4, 5), np.uint16),
        np.zeros((4, 4, 1), np.uint16),
        np.full((4, 4), 3, np.uint16),
        [[0] * 4] * 4,
    ],
)
def test_what_are_no_superpixels_is_refused(labels: object) -> None:
    with pytest.raises(ValueError, match="labels must be"):
        build(np.zeros((4, 4, 3), np.uint8), labels)  # type: ignore[arg-type]  # wrong on purpose


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="rgb must"):
        build(np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint16))  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "parents",
    [
        [],  # no node
        [1, 1],  # an even number of nodes
        [1],  # a root with another parent
        [2, 2, 1],  # a root below
        [0, 2, 2],  # a superpixel that is its own parent
        [1, 2, 2],  # a superpixel with a child
        [3, 3, 3, 4, 4],  # three merged at once
    ],
)
def test_bytes_that_are_no_tree_are_refused(parents: list[int]) -> None:
    with pytest.raises(ValueError, match="merge tree"):
        Hierarchy.from_bytes(np.array(parents, "<u2").tobytes())


def test_half_a_number_is_no_tree() -> None:
    with pytest.raises(ValueError, match="merge tree"):
        Hierarchy.from_bytes(b"\0\0\0")


def test_the_result_is_what_label_maps_were_stored_with() -> None:
    # Where this fails on purpose, VERSION in slic.py must be raised: stored label maps name it.
    assert digest()[:16] == "82ee5556f010125c"
