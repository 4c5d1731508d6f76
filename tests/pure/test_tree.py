"""Ways up and down a merge tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.arrays import Parents
from selector.selection.tree import cut_around, node_members, path_to_root
from tests.pure.six_superpixels import EACH_ALONE, PARENTS, flags


@st.composite
def merge_trees(draw: st.DrawFn) -> Parents:
    """Any merge tree over up to 40 superpixels."""
    n = draw(st.integers(1, 40))
    parents, roots = np.arange(2 * n - 1, dtype=np.uint16), list(range(n))
    for node in range(n, 2 * n - 1):
        for _ in range(2):
            parents[roots.pop(draw(st.integers(0, len(roots) - 1)))] = node
        roots.append(node)
    return parents


def test_a_node_knows_the_superpixels_below_it() -> None:
    assert node_members(PARENTS, 4).tolist() == flags(4).tolist()
    assert node_members(PARENTS, 9).tolist() == flags(0, 1, 3, 4).tolist()
    assert node_members(PARENTS, 10).all()


@given(merge_trees(), st.data())
def test_the_way_to_the_root_leads_through_all_that_holds_a_superpixel(parents: Parents, data: st.DataObject) -> None:
    node = data.draw(st.integers(0, parents.size - 1))
    members = node_members(parents, node)
    superpixel = int(np.flatnonzero(members)[-1])
    assert node in path_to_root(parents, superpixel)
    if parents[node] != node:
        above = int(parents[node])
        assert np.all(node_members(parents, above)[members])


def test_a_node_is_the_region_of_its_superpixels_whatever_the_level() -> None:
    columns = np.array([0, 1, 2, 0, 1, 2], np.uint16)
    assert cut_around(columns, PARENTS, 9, 4).tolist() == [1, 1, 2, 1, 1, 2]
    assert cut_around(columns, PARENTS, 4, 4).tolist() == [0, 1, 2, 0, 3, 2]
    assert cut_around(columns, PARENTS, 7, 4).tolist() == columns.tolist()
    assert columns.tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("node", [6, 3, 11, 65535])
def test_a_node_that_is_not_over_the_superpixel_is_refused(node: int) -> None:
    with pytest.raises(ValueError, match="not under the point"):
        cut_around(EACH_ALONE, PARENTS, node, 4)
