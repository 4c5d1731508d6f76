"""Figures of retrieval on rankings short enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gallery.evaluation import average_precision, bootstrap_interval, precision_at


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
