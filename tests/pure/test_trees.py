"""The object tool's boosted trees: asked, kept in a file, and taken over from LightGBM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.boosted_trees import as_json, as_trees
from selector.selection.objects import weights
from selector.selection.objects.trees import TREES, trees_in

LEFT = {"split_feature": 0, "threshold": -1.0, "left_child": {"leaf_value": 0.5}, "right_child": {"leaf_value": 0.25}}
STUMP = {"split_feature": 1, "threshold": 0.5, "left_child": LEFT, "right_child": {"leaf_value": -2.0}}
LEAF = {"leaf_value": 10.0}
CUES = np.array([[-1.0, 0.5], [0.0, 0.5], [0.0, 0.51]])


def test_trees_say_the_sum_of_the_leaves_that_are_reached() -> None:
    assert as_trees([STUMP, LEAF, STUMP]).belief(CUES) == pytest.approx([11.0, 10.5, 6.0])


def test_trees_are_the_same_when_they_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "trees.json"
    file.write_text(as_json({"FIRST": {"box": as_trees([STUMP, LEAF])}}))
    assert trees_in(file)["FIRST"]["box"].belief(CUES) == pytest.approx([10.5, 10.25, 8.0])


@pytest.mark.parametrize("name", ["FIRST", "FIRST_WITH_FEATURES"])
@pytest.mark.parametrize("start", ["box", "loop", "stroke"])
def test_trees_ask_for_cues_that_there_are_and_come_to_an_end(name: str, start: str) -> None:
    trees, cues = TREES[name][start], len(getattr(weights, name)[start])
    assert 0 <= trees.asked.min() <= trees.asked.max() < cues
    following = np.stack([trees.below, trees.above])
    # A node comes after the one that leads to it, and each leaf is reached from one node alone.
    assert ((following < 0) | (following > np.arange(len(trees.asked)))).all()
    assert sorted(~following[following < 0]) == list(range(len(trees.leaves)))
