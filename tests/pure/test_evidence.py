"""Whether cells tell a thing that is there from a ground that is like it all over."""

from __future__ import annotations

import numpy as np

from gallery.descriptors.pooling import unit
from gallery.search.evidence import Sought, presence
from selector.arrays import Floats

RNG = np.random.default_rng(5)
THING = {kind: unit(RNG.standard_normal((6, 32)).astype(np.float32)) for kind in ("meaning", "appearance")}
SOUGHT = [(kind, Sought(cells, unit(cells.sum(axis=0)))) for kind, cells in THING.items()]


def image(*, n_cells: int = 100, with_thing: float = 0.0) -> list[Floats]:
    """The cells of an image in both spaces, by chance; a share of the thing's own cells may be among them."""
    cells = []
    for thing in THING.values():
        ground = unit(np.random.default_rng(7).standard_normal((n_cells, 32)).astype(np.float32))
        ground[:6] = unit(ground[:6] + with_thing * 8 * thing)
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
