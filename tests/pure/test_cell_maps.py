"""Cells of a grid over an image, and the node of its merge tree that they say to outline."""

import numpy as np

from gallery.descriptors.cell_maps import (
    DIMENSIONS,
    SIDE,
    Projection,
    likeness,
    pack_cells,
    resampled,
    unpack_cells,
)
from gallery.descriptors.outline_tree import OutlineTree
from gallery.descriptors.pooling import unit
from selector.arrays import Floats


def regions(n: int, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    return unit((random.normal(size=(n, 8)) @ random.normal(size=(8, 300)) + random.normal(size=(n, 300))).astype("f4"))


def test_a_projection_keeps_what_is_alike_together() -> None:
    vectors = regions(400)
    projection = Projection.unpack(Projection.learn(vectors).pack())
    small = projection.apply(vectors)
    assert small.shape == (400, DIMENSIONS)
    near = unit(vectors[0] + 0.2 * vectors[1])
    assert int((small @ projection.apply(near)).argmax()) == 0


def test_few_regions_give_fewer_dimensions() -> None:
    assert Projection.learn(regions(20)).apply(regions(3)).shape == (3, 19)


def test_cells_are_kept_in_a_byte_a_dimension() -> None:
    cells = Projection.learn(regions(400)).apply(regions(SIDE * SIDE, seed=2))
    packed = pack_cells(cells)
    assert len(packed) == SIDE * SIDE * DIMENSIONS == 25088
    assert (unpack_cells(packed) * cells).sum(axis=1).min() > 0.995


def test_a_map_of_another_size_is_brought_to_the_grid() -> None:
    ramp = np.linspace(0, 1, 17, dtype=np.float32)[None, :, None].repeat(9, axis=0)
    brought = resampled(ramp).reshape(SIDE, SIDE)
    assert (np.diff(brought, axis=1) > 0).all() and np.ptp(brought, axis=0).max() < 1e-6
    same = np.random.default_rng(0).normal(size=(SIDE, SIDE, 3)).astype(np.float16)
    np.testing.assert_array_equal(resampled(same), same.reshape(-1, 3).astype(np.float32))


# Four superpixels in a row, a quarter of a grid of 2 x 4 cells each: ((0, 1), (2, 3)).
PARENTS = np.array([4, 4, 5, 5, 6, 6, 6], np.uint16)
SHARES = (np.repeat(np.eye(4), 2, axis=1) / 8).astype(np.float32)


def tree() -> OutlineTree:
    return OutlineTree.unpack(OutlineTree.of(PARENTS, np.full(4, 100), SHARES).pack())


def test_what_is_most_like_the_question_is_outlined() -> None:
    assert tree().best_node(np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32)) == 5
    assert tree().best_node(np.array([0, 0, 1, 1, 0, 0, 0, 0], np.float32)) == 1


def test_the_whole_image_is_never_outlined() -> None:
    assert tree().best_node(np.ones(8, np.float32)) in range(6)
    one = OutlineTree.of(np.array([0], np.uint16), np.array([9]), np.full((1, 4), 0.25, np.float32))
    assert one.best_node(np.ones(4, np.float32)) is None


def test_cells_of_a_node_that_is_left_out_belong_to_the_next_one_above() -> None:
    shares = (SHARES * np.array([[0.002], [1.998], [1], [1]])).astype(np.float32)
    pruned = OutlineTree.of(PARENTS, np.array([1, 999, 500, 500]), shares)
    assert 0 not in pruned.nodes.tolist()
    assert float(pruned.shares.astype(float).sum()) > 0.998


def test_likeness_prefers_few_very_like_cells() -> None:
    cells = unit(np.array([[1, 0], [1, 1], [-1, 1]], np.float32))
    np.testing.assert_allclose(likeness(cells, np.array([1, 0], np.float32)), [1, 0.5, -0.5], atol=1e-6)
