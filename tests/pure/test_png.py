"""Palette images read back by another library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from selector.rendering.png import palette_png
from tests.pure.images import decoded
from tests.pure.small_photo import indices

# Sizes around the multiples of eight and four pixels that share a byte.
image_shapes = st.tuples(st.integers(1, 9), st.integers(1, 19))


@given(st.sampled_from([1, 2]), st.data())
def test_palette_images_of_any_size_round_trip(bit_depth: Any, data: st.DataObject) -> None:
    n_colours = data.draw(st.integers(2 ** (bit_depth - 1) + 1, 2**bit_depth))
    image = data.draw(arrays.arrays(np.uint8, image_shapes, elements=st.integers(0, n_colours - 1)))
    palette = [(i, 2 * i, 3 * i) for i in range(n_colours)]
    png = palette_png(image, palette, [255 - i for i in range(n_colours)], bit_depth)
    assert indices(png) == image.tolist()
    expected = [[[i, 2 * i, 3 * i, 255 - i] for i in row] for row in image.tolist()]
    assert decoded(png, "RGBA").tolist() == expected


def test_a_palette_that_does_not_fit_is_refused() -> None:
    black, two = (0, 0, 0), np.full((1, 1), 2, np.uint8)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 2, [255] * 2, 2)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 3, [255] * 3, 1)
    with pytest.raises(ValueError):
        palette_png(two, [black] * 3, [255] * 2, 2)
