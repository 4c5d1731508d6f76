"""Figures of retrieval on rankings short enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gallery.evaluation.figures import average_precision, bootstrap_interval, members_under, precision_at


@pytest.mark.parametrize(
    ("relevant", "expected"),
    [
        ([1, 1, 1], 1.0),
        ([1, 1, 0, 0], 1.0),
        ([0, 0, 1], 1 / 3),
        ([1, 0, 1, 0, 0, 1], (1 / 1 + 2 / 3 + 3 / 6) / 3),
        ([0, 1, 0, 1], (1 / 2 + 2 / 4) / 2),
    ],
)
def test_average_precision_is_the_mean_precision_at_the_relevant_hits(relevant: list[int], expected: float) -> None:
    assert average_precision(relevant) == pytest.approx(expected)


def test_relevant_images_that_were_not_found_count_as_such() -> None:
    assert average_precision([1, 0, 1], n_relevant=4) == pytest.approx((1 + 2 / 3) / 4)


def test_a_mask_selects_what_lies_under_it_by_more_than_half() -> None:
    labels = np.array([[0, 0, 1, 1], [0, 0, 1, 1]], np.uint16)
    mask = np.array([[1, 1, 1, 0], [1, 1, 1, 0]], bool)
    assert members_under(labels, mask).tolist() == [True, False]


def test_a_mask_smaller_than_a_superpixel_selects_the_one_it_covers_most() -> None:
    labels = np.array([[0, 0, 0, 1, 1, 1]], np.uint16)
    assert members_under(labels, np.array([[0, 0, 0, 1, 0, 0]], bool)).tolist() == [False, True]


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        members_under(np.zeros((2, 3), np.uint16), np.zeros((3, 2), bool))


@pytest.mark.parametrize("relevant", [[], [0, 0]])
def test_a_query_without_relevant_images_has_no_average_precision(relevant: list[int]) -> None:
    assert math.isnan(average_precision(relevant))


def test_precision_counts_the_first_hits_and_missing_ones_as_wrong() -> None:
    relevant = [True, False, True]
    assert [precision_at(relevant, k) for k in (1, 2, 3, 6)] == [1, 0.5, pytest.approx(2 / 3), pytest.approx(1 / 3)]


def test_precision_at_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        precision_at([True], 0)


def test_the_interval_holds_the_mean_and_narrows_with_more_queries() -> None:
    values = np.random.default_rng(0).random(400)
    low, high = bootstrap_interval(values)
    few_low, few_high = bootstrap_interval(values[:25])
    assert low < values.mean() < high
    assert high - low < (few_high - few_low) / 2


def test_the_interval_is_that_of_theory_for_a_normal_mean() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    low, high = bootstrap_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(1000), rel=0.1)


def test_more_confidence_needs_a_wider_interval() -> None:
    values = np.random.default_rng(0).random(50)
    low, high = bootstrap_interval(values, confidence=0.5)
    wider_low, wider_high = bootstrap_interval(values, confidence=0.99)
    assert wider_low < low < high < wider_high


def test_the_interval_is_the_same_every_time() -> None:
    values = [0.1, 0.5, 0.9, 0.4]
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_queries_without_a_figure_are_left_out() -> None:
    assert bootstrap_interval([0.5, math.nan, 0.5]) == (0.5, 0.5)
    assert all(math.isnan(end) for end in bootstrap_interval([math.nan]))
