"""The figures of the superpixel benchmark, on label maps small enough to check by eye."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics import (
    achievable_segmentation_accuracy,
    boundary,
    boundary_recall,
    explained_variation,
    near,
    overlaps,
    undersegmentation_error,
)

TRUTH = np.array(
    [
        [0, 0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1, 1],
        [2, 2, 2, 1, 1, 1],
    ]
)
LABELS = np.array(
    [
        [7, 7, 7, 7, 9, 9],
        [7, 7, 7, 7, 9, 9],
        [5, 5, 5, 9, 9, 9],
    ]
)


def test_a_boundary_pixel_has_another_label_to_its_right_or_below() -> None:
    assert boundary(TRUTH).astype(int).tolist() == [
        [0, 0, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
    ]


def test_near_is_euclidean_and_inclusive() -> None:
    edge = np.zeros((5, 5), np.bool_)
    edge[2, 2] = True
    assert near(edge, 2).astype(int).tolist() == [
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 1, 1, 1, 1],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
    ]
    assert not near(np.zeros((2, 2), np.bool_)).any()


def test_recall_is_the_share_of_true_boundary_found() -> None:
    # True boundary: (0,2) (1,0) (1,1) (1,2) (2,2); of the labels: (0,3) (1,0) (1,1) (1,2) (1,3) (2,2).
    assert boundary_recall(LABELS, TRUTH, tolerance=0) == pytest.approx(4 / 5)
    assert boundary_recall(LABELS, TRUTH, tolerance=1) == 1
    row = np.arange(12)[None, :]
    assert boundary_recall(row // 6, row // 8) == 1
    assert boundary_recall(row // 6, row // 9) == 0
    assert boundary_recall(LABELS, np.zeros_like(TRUTH)) == 1


def test_overlaps_count_shared_pixels() -> None:
    # Rows: labels 5, 7, 9; columns: segments 0, 1, 2.
    assert overlaps(LABELS, TRUTH).tolist() == [[0, 0, 3], [6, 2, 0], [0, 7, 0]]


def test_undersegmentation_counts_the_smaller_part_on_either_side() -> None:
    # Only superpixel 7 leaks: min(6, 2) for segment 0 and min(2, 6) for segment 1.
    assert undersegmentation_error(LABELS, TRUTH) == pytest.approx(4 / 18)
    assert undersegmentation_error(TRUTH, TRUTH) == 0


def test_achievable_accuracy_counts_the_largest_part() -> None:
    assert achievable_segmentation_accuracy(LABELS, TRUTH) == pytest.approx(16 / 18)
    assert achievable_segmentation_accuracy(np.zeros_like(TRUTH), TRUTH) == pytest.approx(9 / 18)


def test_explained_variation_is_the_variance_between_segments() -> None:
    rgb = np.repeat(np.array([[0, 2, 10, 12]], np.uint8)[..., None], 3, axis=2)
    # Mean 6: total 36 + 16 + 16 + 36 = 104; two segments of means 1 and 11 keep 4 * 25 = 100.
    assert explained_variation(np.array([[0, 0, 1, 1]]), rgb) == pytest.approx(100 / 104)
    assert explained_variation(np.array([[0, 1, 2, 3]]), rgb) == pytest.approx(1)
    assert explained_variation(np.array([[0, 0, 0, 0]]), rgb) == pytest.approx(0)
    assert explained_variation(np.array([[0, 1, 1, 1]]), np.full((1, 4, 3), 9, np.uint8)) == 1
