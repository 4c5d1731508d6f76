"""Masks as COCO writes them; the expected texts are those of pycocotools 2.0."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curating.moving.coco_rle import Rle, decode, encode

EXPECTED = [
    ([[0, 1], [1, 1]], "13"),
    ([[1, 0, 0], [0, 0, 0]], "015"),
    ([[0, 0], [0, 0]], "4"),
    ([[1, 1], [1, 1]], "04"),
    ([[0, 1, 0, 1, 0, 0], [1, 0, 1, 0, 1, 1], [0, 0, 1, 1, 0, 0]], "111022NN0010O"),
    (
        [[0] * 120 + [1] * 70, [1] * 190],
        "111" + "0" * 236 + "\\4",
    ),
]
MASKS = arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40)))


@pytest.mark.parametrize(("mask", "counts"), EXPECTED)
def test_it_is_what_pycocotools_writes(mask: list[list[int]], counts: str) -> None:
    found = encode(np.array(mask, bool))
    assert found == {"size": [len(mask), len(mask[0])], "counts": counts}


@given(MASKS)
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(decode(encode(mask)), mask)


def test_runs_that_do_not_fill_the_mask_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fill"):
        decode(Rle(size=[3, 3], counts="13"))
