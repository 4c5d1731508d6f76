"""Selections as bits: packed, compared, changed and changed back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.selection.selection import SuperpixelSelection, change, packed_length
from tests.pure.six_superpixels import NOTHING, flags, selections


@given(st.integers(1, 70), st.data())
def test_packing_round_trips(n: int, data: st.DataObject) -> None:
    selection = data.draw(selections(n))
    packed = selection.pack()
    assert len(packed) == packed_length(n) == 2 * -(-n // 8)
    assert SuperpixelSelection.unpack(packed, n) == selection


@given(selections(), selections())
def test_a_change_undoes_and_redoes(before: SuperpixelSelection, after: SuperpixelSelection) -> None:
    delta = change(before, after)
    assert before.xor(delta) == after
    assert after.xor(delta) == before
    assert hash(before.xor(delta)) == hash(after)


@pytest.mark.parametrize(
    ("included", "excluded"),
    [
        (flags(0), flags(0)),
        (flags(0), flags(1, n=7)),
        (flags(0).astype(int), flags(1)),
        (flags(0)[None], flags(1)[None]),
    ],
)
def test_an_impossible_selection_is_refused(included: Any, excluded: Any) -> None:
    with pytest.raises(ValueError):
        SuperpixelSelection(included, excluded)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x00", b"\x01\x00", b"\x80\x80"])
def test_bytes_that_are_no_selection_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SuperpixelSelection.unpack(data, 6)


def test_a_change_of_another_label_map_is_refused() -> None:
    with pytest.raises(ValueError, match="label map"):
        NOTHING.xor(b"\x80\x00\x00\x00")
    with pytest.raises(ValueError, match="label map"):
        change(NOTHING, SuperpixelSelection.empty(9))
