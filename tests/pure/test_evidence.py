"""Whether cells tell a thing that is there from a ground that is like it all over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gallery.descriptors.cell_maps import SIDE
from gallery.descriptors.pooling import unit
from gallery.search import evidence
from gallery.search.evidence import LAYOUT, LAYOUT_BY_LOOKS, Sought, presence, same_layout
from selector.arrays import Floats

RNG = np.random.default_rng(5)
THING = {kind: unit(RNG.standard_normal((6, 32)).astype(np.float32)) for kind in ("meaning", "appearance")}
PLACES = np.array([0, 1, 2, SIDE, SIDE + 1, SIDE + 2])
SOUGHT = [(kind, Sought(cells, unit(cells.sum(axis=0)), PLACES)) for kind, cells in THING.items()]


def image(*, n_cells: int = 100, with_thing: float = 0.0, places: npt.NDArray[np.intp] = PLACES + 30) -> list[Floats]:
    """The cells of an image in both spaces, by chance; a share of the thing's own may be in some places."""
    cells = []
    for thing in THING.values():
        ground = unit(np.random.default_rng(7).standard_normal((n_cells, 32)).astype(np.float32))
        ground[places] = unit(ground[places] + with_thing * 8 * thing)
        cells.append(ground)
    return cells


def test_a_thing_is_more_present_where_its_cells_are() -> None:
    assert presence(SOUGHT, image(with_thing=1)) > 1.2
    assert presence(SOUGHT, image(with_thing=1)) > presence(SOUGHT, image(with_thing=0.1)) > presence(SOUGHT, image())


def test_an_image_that_is_like_it_all_over_has_it_nowhere() -> None:
    like_all_over = [np.tile(sought.mean, (100, 1)) for _, sought in SOUGHT]
    assert presence(SOUGHT, like_all_over) < 0 < presence(SOUGHT, image())


def test_both_spaces_must_match_in_the_same_cell() -> None:
    there = image(with_thing=1)
    apart = [there[0], np.roll(there[1], 50, axis=0)]
    assert presence(SOUGHT, apart) < presence(SOUGHT, there) - 0.1


def test_cells_in_another_order_are_hardly_the_thing() -> None:
    in_order, mirrored = image(with_thing=1), image(with_thing=1, places=PLACES[[2, 1, 0, 5, 4, 3]] + 30)
    mixed = image(with_thing=1, places=PLACES[[5, 2, 0, 4, 1, 3]] + 30)
    assert presence(SOUGHT, mirrored) > presence(SOUGHT, mixed) + 0.9 * LAYOUT
    assert presence(SOUGHT, in_order) > presence(SOUGHT, mixed) + 0.9 * LAYOUT


def test_cells_must_lie_alike_by_their_looks_alone_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    in_order = image(with_thing=1)
    by_meaning_alone = [in_order[0], image(with_thing=1, places=PLACES[[5, 2, 0, 4, 1, 3]] + 30)[1]]
    with_it = [presence(SOUGHT, in_order), presence(SOUGHT, by_meaning_alone)]
    monkeypatch.setattr(evidence, "LAYOUT_BY_LOOKS", 0.0)
    without = [presence(SOUGHT, in_order), presence(SOUGHT, by_meaning_alone)]
    gains = [one - other for one, other in zip(with_it, without, strict=True)]
    assert gains[0] > 1.8 * LAYOUT_BY_LOOKS
    assert gains[1] < 1.2 * LAYOUT_BY_LOOKS


def test_a_layout_needs_some_places() -> None:
    assert same_layout(PLACES[:3], PLACES[:3]) == 0
    assert same_layout(PLACES, np.full(6, 7)) == 0
    assert same_layout(PLACES, PLACES * 2) > 1.9


def test_of_images_alike_in_cells_the_one_that_looks_like_it_has_it_more() -> None:
    assert presence(SOUGHT, image(), looks=5.0) > presence(SOUGHT, image(), looks=0.0)
