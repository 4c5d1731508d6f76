"""A belief seen as a picture, and the small network that looks at it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.object_network import BELIEF, TIMES, Example, Trained, example_of, fitted, things_among, write
from benchmarks.selecting_ways import box
from benchmarks.simulated_person import Subject
from selector.arrays import Floats, Labels, Parents
from selector.segmentation import hierarchy
from selector.selection.objects import context, cutting
from selector.selection.objects.context import PLACES, SIDE, mixed, network, picture_of, window_of
from selector.selection.objects.cutting import begun
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.look import Look, look_at
from selector.selection.objects.network import Network
from selector.selection.objects.shown import shown_first

SIXTH = SIDE // 6  # of the picture of a box is before its left side, and above it


def squares(height: int = 80, width: int = 120, side: int = 4) -> tuple[Labels, Parents, Look]:
    """A photo in square superpixels: dark, with a light rectangle from (40, 20) to (80, 60)."""
    rows, columns = np.mgrid[:height, :width] // side
    labels = (rows * (width // side) + columns).astype(np.uint16)
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[20:60, 40:80] = 220
    return labels, hierarchy.build(rgb, labels).parents, look_at(labels, rgb)


def seen(evidence: Evidence) -> tuple[context.Window, Floats]:
    labels, parents, look = squares()
    shown = shown_first(labels, parents, look, evidence)
    assert shown.drawn is not None
    window = window_of(labels, look, shown.drawn, evidence.start != "stroke")
    number = np.arange(look.n_superpixels, dtype=np.float64)
    return window, picture_of(window, look, shown, number / number.max(), 0 * number, 0 * number)


def test_the_network_says_what_torch_says() -> None:
    torch.manual_seed(1)
    trained, pictures = Trained(12, 4), torch.randn(6, 12, 16, 24)
    with torch.no_grad():
        for weights in trained.parameters():
            weights.normal_(0, 0.3)
    trained.train()(pictures)  # so that the layers are normalised by something
    arrays = dict(trained.eval().arrays())
    layers = {name: (arrays[f"{name}.weights"], arrays[f"{name}.biases"]) for name in (*Network.LAYERS, "last")}
    with torch.no_grad():
        expected = trained(pictures)[0].numpy()
    assert expected.std() > 1
    np.testing.assert_allclose(Network(layers, BELIEF, TIMES)(pictures[0].numpy()), expected, atol=1e-4)


def test_fitting_finds_what_a_belief_says_nothing_of(tmp_path: Path) -> None:
    """Where it is light, the object is: no belief says so, and after some rounds the network does."""
    chance, examples = np.random.default_rng(0), []
    for _ in range(64):
        truth = np.zeros((16, 16), np.float32)
        top, left = chance.integers(1, 7, 2)
        truth[top : top + 8, left : left + 8] = 1
        picture = np.zeros((12, 16, 16), np.float32)
        picture[3] = truth
        examples.append(Example(picture, truth, 0))
    write(fitted(examples, rounds=40), tmp_path / "network.npz")
    found = Network.read(tmp_path / "network.npz")(examples[0].picture) > 0
    meant = examples[0].truth > 0
    assert (found & meant).sum() / (found | meant).sum() > 0.9


@pytest.mark.parametrize("grown", [False, True], ids=["of a box", "of a part that is to grow"])
def test_an_example_says_which_cells_are_meant(grown: bool) -> None:
    labels, parents, look = squares()
    mask = np.zeros(labels.shape, bool)
    mask[20:60, 40:80] = True
    subject = Subject(np.zeros((*labels.shape, 3), np.uint8), labels, parents, look, mask)
    example = example_of(subject, None if grown else box(subject), 1, None)
    assert example.picture.shape == (12, SIDE, SIDE)
    light = example.picture[0] > 0
    assert light.any() and not light.all()
    assert ((example.truth > 0.5) == light).mean() > 0.95  # but for those at its edge
    assert example.half == 1


def test_of_the_segments_of_a_photo_those_are_taken_that_could_be_things() -> None:
    segments = np.zeros((60, 80), np.uint16)  # the rest is most of the photo, and at its frame
    segments[20:40, 20:40] = 1
    segments[50, 50] = 2  # dust
    segments[5:9, 5:9], segments[5:9, 70:74] = 3, 3  # in two pieces
    segments[45:60, 0:15] = 4  # in a corner
    nearly = np.where(segments == 1, 0, segments)
    nearly[20:40, 21:41] = 1  # as somebody else has drawn the same
    things = things_among([segments, nearly], np.random.default_rng(0))
    assert len(things) == 1
    assert things[0].sum() == 400


def test_what_is_meant_fills_the_middle_of_the_picture() -> None:
    _, picture = seen(Evidence("box", ((40, 20), (80, 60))))
    light = picture[0] > 0
    # A quarter of the box is around it on each side, so the box is two thirds of the picture.
    assert light[8:40, 8:40].all()
    assert light.sum() == 32 * 32
    outside = picture[8] > 0.5
    assert not outside[8:40, 8:40].any()
    assert outside.sum() == SIDE * SIDE - 32 * 32


def test_borders_are_where_they_are_crossed() -> None:
    _, picture = seen(Evidence("box", ((40, 20), (80, 60))))
    across, down = picture[10], picture[11]
    assert set(np.flatnonzero(across[24] > 0.5)) == {8, 40}
    assert set(np.flatnonzero(down[:, 24] > 0.5)) == {8, 40}
    assert across[4].max() < 0.1


def test_beyond_the_photo_everything_is_outside() -> None:
    window, picture = seen(Evidence("box", ((0, 0), (40, 40))))
    beyond = window.superpixels == squares()[2].n_superpixels
    assert beyond[0].all() and beyond[:, 0].all() and not beyond[PLACES * SIXTH :, PLACES * SIXTH :].any()
    assert (picture[7, :SIXTH] == 0).all()  # in the photo
    assert (picture[8, :SIXTH] == 1).all()  # outside


def test_a_stroke_is_in_the_middle_too() -> None:
    _, picture = seen(Evidence("stroke", ((50, 42), (70, 42))))
    rows, columns = np.nonzero(picture[9] > 0.5)
    assert abs(rows.mean() - SIDE / 2) < 2 and abs(columns.mean() - SIDE / 2) < 2


def test_what_is_not_in_the_picture_stays_as_it_was_believed() -> None:
    window, _ = seen(Evidence("box", ((40, 20), (80, 60))))
    n = squares()[2].n_superpixels
    belief = np.linspace(-3, 3, n)
    after = mixed(window, np.full((SIDE, SIDE), 5, np.float32), belief)
    there = np.isin(np.arange(n), window.superpixels)
    assert 0 < there.sum() < n
    np.testing.assert_array_equal(after[~there], belief[~there])
    np.testing.assert_allclose(after[there], belief[there] + context.SHARE * (5 - belief[there]))


def test_the_network_that_is_kept_is_part_of_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that believes nothing of anything, less is believed."""
    labels, parents, look = squares()
    evidence = Evidence("box", ((36, 16), (84, 64)))
    before = begun(labels, parents, look, evidence).belief
    layers = {name: (0 * weights, 0 * biases) for name, (weights, biases) in network().layers.items()}
    monkeypatch.setattr(cutting, "network", lambda: Network(layers, BELIEF, 0.0))
    after = begun(labels, parents, look, evidence).belief
    assert not np.allclose(before, after)
