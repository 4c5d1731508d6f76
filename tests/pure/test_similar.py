"""What looks alike: seen through a chain, and not shade by shade."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from selector.arrays import Labels
from selector.selection.gestures import similar
from selector.selection.selection import SuperpixelSelection
from tests.pure.six_superpixels import EACH_ALONE, LABELS, NOTHING, selected

SKY, STEEL = (60, 0, -30), (25, 0, 0)


def bars(width: int, gap: int = 30, count: int = 5) -> Labels:
    """Gaps 0, 2, 4 ... with bars of a width between them, in a row."""
    widths = [gap if i % 2 == 0 else width for i in range(2 * count - 1)]
    return np.tile(np.repeat(np.arange(len(widths)), widths).astype(np.uint16), (40, 1))


def clicked(labels: Labels, colours: npt.NDArray[np.float64], superpixel: int = 0) -> list[int]:
    """The superpixels that Similar takes by a click on one, each a region of its own."""
    row, column = np.argwhere(labels == superpixel)[0]
    n = int(labels.max()) + 1
    each = np.arange(n, dtype=np.uint16)
    point = (float(column), float(row))
    after = similar(SuperpixelSelection.empty(n), labels, each, point, "include", colours=colours)
    return np.flatnonzero(after.included).tolist()


def test_what_is_seen_through_a_chain_is_taken_through_every_gap() -> None:
    colours = np.array([SKY if i % 2 == 0 else STEEL for i in range(9)], float)
    assert clicked(bars(width=8), colours) == [0, 2, 4, 6, 8]
    assert clicked(bars(width=8), colours, 4) == [0, 2, 4, 6, 8]
    # What is broad lies between things, not before one.
    assert clicked(bars(width=20), colours) == [0]


def test_a_chain_is_taken_without_what_it_hangs_before() -> None:
    """A mesh of one piece, as the tree merges it: it touches every gap, and is taken as itself alone."""
    rows, columns = np.indices((130, 130))
    is_wire = (rows % 40 < 7) | (columns % 40 < 7)
    labels = np.where(is_wire, 0, 1 + 4 * (rows // 40) + columns // 40)
    _, labels = np.unique(labels, return_inverse=True)
    mesh = labels.reshape(130, 130).astype(np.uint16)
    n = int(mesh.max()) + 1
    colours = np.array([STEEL] + [SKY] * (n - 1), float)
    assert clicked(mesh, colours, 0) == [0]
    assert clicked(mesh, colours, 1) == list(range(1, n))


def test_two_narrow_things_side_by_side_are_not_stepped_over() -> None:
    labels = np.tile(np.repeat(np.arange(4), [30, 8, 8, 30]).astype(np.uint16), (40, 1))
    assert clicked(labels, np.array([SKY, STEEL, (80, 40, 40), SKY], float)) == [0]


def test_a_chain_of_shades_is_compared_with_its_first() -> None:
    labels = np.tile(np.repeat(np.arange(6), 30).astype(np.uint16), (40, 1))
    shades = np.array([[40 + 10 * i, 0, 0] for i in range(6)], float)
    assert clicked(labels, shades) == [0, 1]


def test_a_second_click_at_the_same_place_adds_nothing() -> None:
    shades = np.array([[50, 0, 0], [60, 0, 0], [70, 0, 0], [57, 0, 0], [67, 0, 0], [77, 0, 0]], float)
    once = similar(NOTHING, LABELS, EACH_ALONE, (0, 0), "include", colours=shades)
    assert once == selected(0, 1, 3)
    for everywhere in (False, True):
        again = similar(once, LABELS, EACH_ALONE, (0, 0), "include", colours=shades, everywhere=everywhere)
        assert again == once
