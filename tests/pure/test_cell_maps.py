"""Cells of a grid over an image, and the node of its merge tree that they say to outline."""

import numpy as np

from gallery.descriptors.cell_maps import (
    DIMENSIONS,
    SIDE,
    STEPS,
    Projection,
    likeness,
    pack_cells,
    resampled,
)
from gallery.descriptors.late_interaction import COUNT, Clusters
from gallery.descriptors.node_shapes import STEPS as SHAPE_STEPS
from gallery.descriptors.outline_tree import OutlineTree
from gallery.descriptors.pooling import unit
from selector.arrays import Floats, Labels
from selector.segmentation.lab import lab_planes
from selector.selection.objects.look import Borders, borders_between


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
    rounded = np.frombuffer(packed, np.int8).reshape(cells.shape) / STEPS
    assert (unit(rounded) * cells).sum(axis=1).min() > 0.995


def test_a_map_of_another_size_is_brought_to_the_grid() -> None:
    ramp = np.linspace(0, 1, 17, dtype=np.float32)[None, :, None].repeat(9, axis=0)
    brought = resampled(ramp).reshape(SIDE, SIDE)
    assert (np.diff(brought, axis=1) > 0).all() and np.ptp(brought, axis=0).max() < 1e-6
    same = np.random.default_rng(0).normal(size=(SIDE, SIDE, 3)).astype(np.float16)
    np.testing.assert_array_equal(resampled(same), same.reshape(-1, 3).astype(np.float32))


# Four superpixels side by side, each with a quarter of the grid: ((0, 1), (2, 3)).
PARENTS = np.array([4, 4, 5, 5, 6, 6, 6], np.uint16)
COLUMNS = np.minimum(np.arange(SIDE) * 4 // SIDE, 3)
LABELS = np.repeat(COLUMNS.astype(np.uint16)[None], SIDE, axis=0)
SHARES = ((LABELS.ravel() == np.arange(4)[:, None]) / SIDE**2).astype(np.float32)


def like(*superpixels: int) -> Floats:
    return np.isin(LABELS.ravel(), superpixels).astype(np.float32)


def borders(labels: Labels, *lightness: int) -> Borders:
    """Those in a picture with superpixels in greys, all of the same one by default."""
    greys = np.array(lightness or [128] * (int(labels.max()) + 1), np.uint8)
    return borders_between(labels, lab_planes(np.repeat(greys[labels][..., None], 3, axis=2)))


def tree(*lightness: int) -> OutlineTree:
    made = OutlineTree.of(PARENTS, LABELS, np.full(4, 100), SHARES, borders(LABELS, *lightness))
    return OutlineTree.unpack(made.pack())


def test_what_is_most_like_the_question_is_outlined() -> None:
    assert tree().best_node(2 * like(2, 3) - 1) == 5
    assert tree().best_node(like(1)) == 1


def test_the_centre_of_each_box_is_known() -> None:
    centres = dict(zip(tree().nodes.tolist(), tree().centres.tolist(), strict=True))
    assert [centres[node] for node in range(5)] == [6 * SIDE + column for column in (1, 5, 8, 12, 3)]


def test_what_does_not_hold_the_centre_of_its_box_is_not_outlined() -> None:
    labels = np.zeros((SIDE, SIDE), np.uint16)
    labels[3:11, 3:11] = 1
    shares = ((labels.ravel() == np.arange(2)[:, None]) / SIDE**2).astype(np.float32)
    framed = OutlineTree.of(np.array([2, 2, 2], np.uint16), labels, np.array([110, 86]), shares, borders(labels))
    assert framed.best_node((labels.ravel() == 0).astype(np.float32)) == 1


def test_a_node_whose_middle_is_like_the_question_is_ahead() -> None:
    sides = tree()
    assert sides.best_node(like(0) + like(3)) in (0, 3)
    middle = like(0) + like(3)
    middle[6 * SIDE + 12] += 1
    assert sides.best_node(middle) == 3


def test_what_fills_its_box_and_is_not_cut_off_by_the_edge_is_ahead() -> None:
    filled = dict(zip(tree().nodes.tolist(), tree().filled.tolist(), strict=True))
    touched = dict(zip(tree().nodes.tolist(), tree().touched.tolist(), strict=True))
    assert filled == dict.fromkeys(range(7), 255)
    assert touched == {0: 3, 1: 2, 2: 2, 3: 3, 4: 3, 5: 3, 6: 4}
    assert tree().best_node(like(2) + like(3)) == 2, "The outer one is as like, and lies at the edge."
    corner = np.where(np.add.outer(np.arange(14), np.arange(14)) < 13, 0, 1).astype(np.uint16)
    shares = ((corner.ravel() == np.arange(2)[:, None]) / SIDE**2).astype(np.float32)
    halves = OutlineTree.of(np.array([2, 2, 2], np.uint16), corner, np.array([91, 105]), shares, borders(corner))
    assert [round(255 * area / size) for area, size in ((91, 13**2), (105, 14**2))] == halves.filled[:2].tolist()


def test_what_is_of_one_kind_and_like_the_question_together_is_ahead() -> None:
    alike, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    cells = np.where(np.isin(LABELS.ravel(), (1, 2))[:, None], alike, other)
    even = np.zeros(SIDE**2, np.float32)
    assert tree().best_node(even, [(cells, alike)]) in (1, 2)
    cells = np.where(np.isin(LABELS.ravel(), (0, 1))[:, None], alike, other)
    assert tree().best_node(even, [(cells, alike)]) == 4


def test_of_a_tree_that_was_stored_without_shapes_all_nodes_are_alike() -> None:
    data = tree().pack()
    for missing in (2, 4):
        old = OutlineTree.unpack(data[: -missing * len(tree().nodes)])
        assert not old.lasting.any() and not old.contrasts.any()
        assert old.filled.any() == old.touched.any() == (missing == 2)
        assert old.best_node(2 * like(2, 3) - 1) == 5


def test_what_lasts_while_the_photo_is_merged_is_ahead() -> None:
    lasting = dict(zip(tree().nodes.tolist(), tree().lasting.tolist(), strict=True))
    # Of four regions the first two are merged into the fourth node, with three left the others, then both.
    expected = {0: 4 / 4, 1: 4 / 4, 2: 4 / 3, 3: 4 / 3, 4: 4 / 2, 5: 3 / 2, 6: 2 / 2}
    assert lasting == {node: round(SHAPE_STEPS * np.log(times)) for node, times in expected.items()}
    assert tree().best_node(like(0, 1, 2, 3)) == 2, "Its neighbour is as like, but is merged first."


def test_what_stands_out_along_its_edge_is_ahead() -> None:
    sides = tree(100, 100, 200, 100)
    contrasts = dict(zip(sides.nodes.tolist(), sides.contrasts.tolist(), strict=True))
    assert contrasts[0] == 0 and contrasts[6] == 0
    # One border of three has no contrast, so that those which have are half as much again as the mean.
    assert contrasts[2] == contrasts[3] == contrasts[5] == round(SHAPE_STEPS * 3 / 2)
    assert contrasts[1] == round(SHAPE_STEPS * 3 / 4)
    assert tree(200, 100, 100, 100).best_node(like(0) + like(3)) == 0
    assert tree(100, 100, 100, 200).best_node(like(0) + like(3)) == 3


def test_the_whole_image_is_never_outlined() -> None:
    assert tree().best_node(np.ones(SIDE**2, np.float32)) in range(6)
    one, alone = np.full((1, SIDE**2), 1 / SIDE**2, np.float32), np.zeros((SIDE, SIDE), np.uint16)
    single = OutlineTree.of(np.array([0], np.uint16), alone, np.array([9]), one, borders(alone))
    assert single.best_node(like(0)) is None


def test_cells_of_a_node_that_is_left_out_belong_to_the_next_one_above() -> None:
    shares = (SHARES * np.array([[0.002], [1.998], [1], [1]])).astype(np.float32)
    pruned = OutlineTree.of(PARENTS, LABELS, np.array([1, 999, 500, 500]), shares, borders(LABELS))
    assert 0 not in pruned.nodes.tolist()
    assert float(pruned.shares.astype(float).sum()) > 0.998 * float(shares.sum())


def test_nodes_come_right_after_those_below_them() -> None:
    pruned = OutlineTree.of(PARENTS, LABELS, np.full(4, 100), SHARES, borders(LABELS))
    assert pruned.nodes.tolist() == [0, 1, 4, 2, 3, 5, 6] and pruned.firsts.tolist() == [0, 1, 0, 3, 4, 3, 0]


def test_likeness_prefers_few_very_like_cells() -> None:
    cells = np.array([[1, 0], [0.5, 0.866], [0, 1]], np.float32)
    like = likeness(cells, np.array([1, 0], np.float32))
    np.testing.assert_allclose([like.mean(), like.std()], [0, 1], atol=1e-6)
    assert like[0] - like[1] > like[1] - like[2] > 0


def test_an_even_image_has_no_likeness_to_speak_of() -> None:
    assert not likeness(np.ones((4, 1), np.float32), np.ones(1, np.float32)).any()


def test_a_thing_is_found_in_the_cells_of_an_image() -> None:
    cells = unit(np.random.default_rng(0).normal(size=(3, SIDE * SIDE, 16)).astype("f4"))
    covered = np.zeros(SIDE * SIDE, np.float32)
    covered[[20, 21, 34]] = 1
    clusters = Clusters.of(cells[0], covered)
    assert clusters is not None and len(clusters.vectors) == 3
    # A third image shows the thing elsewhere; a second one shows something else.
    cells[2, 100:103] = cells[0, [20, 21, 34]]
    maps = np.stack([np.frombuffer(pack_cells(one), np.int8).reshape(one.shape) for one in cells[1:]])
    without, shown = clusters.found_in(maps)
    assert shown > 0.9 > without + 0.15


def test_many_cells_are_a_few_clusters_and_none_are_none() -> None:
    cells = unit(np.random.default_rng(0).normal(size=(60, 16)).astype("f4"))
    clusters = Clusters.of(cells, np.linspace(0, 1, 60, dtype=np.float32))
    assert clusters is not None and clusters.vectors.shape == (COUNT, 16)
    np.testing.assert_allclose(clusters.shares.sum(), 1, rtol=1e-5)
    assert Clusters.of(cells, np.zeros(60, np.float32)) is None
