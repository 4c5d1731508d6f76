"""Lab planes that were made before are used, and give the same as those made anew."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import scene

from selector.segmentation import hierarchy, slic
from selector.segmentation.lab import lab_planes


@pytest.mark.parametrize("engine", ["slic", "skimage"])
def test_superpixels_and_merge_tree_are_the_same_with_given_planes(engine: str) -> None:
    rgb = scene()
    lab = lab_planes(rgb)
    before = lab.copy()
    labels = slic.segment(rgb, 200, engine=engine, lab=lab)
    tree = hierarchy.build(rgb, labels, lab=lab)
    assert np.array_equal(lab, before)
    assert np.array_equal(labels, slic.segment(rgb, 200, engine=engine))
    assert np.array_equal(tree.parents, hierarchy.build(rgb, labels).parents)


def test_planes_of_another_size_are_refused() -> None:
    rgb = scene()
    with pytest.raises(ValueError, match="does not fit"):
        slic.segment(rgb, 200, lab=lab_planes(rgb[:-1]))
    with pytest.raises(ValueError, match="does not fit"):
        hierarchy.build(rgb, slic.segment(rgb, 200), lab=lab_planes(rgb)[:2])
