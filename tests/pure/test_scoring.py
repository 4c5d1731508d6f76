"""Scores mean the same for every query, spaces can be joined, and images are ranked by their best region."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.search.scoring import (
    EVIDENCE,
    SAME,
    WEAK,
    best_regions,
    calibrate,
    fuse,
    mean_over_parts,
    nearness,
    rocchio,
    weak_line,
)
from selector.arrays import Floats


def floats(*values: float) -> Floats:
    return np.array(values, np.float32)


# Queries


def test_a_query_is_what_was_selected() -> None:
    assert np.allclose(rocchio(floats(3, 4)), [0.6, 0.8])


def test_what_is_excluded_or_disliked_pushes_the_query_away() -> None:
    query = floats(1, 0, 0)
    unwanted = floats(0.6, 0.8, 0)
    assert rocchio(query, excluded=unwanted) @ unwanted < query @ unwanted
    assert rocchio(query, disliked=[unwanted]) @ unwanted < query @ unwanted
    assert np.isclose(np.linalg.norm(rocchio(query, excluded=unwanted, disliked=[unwanted])), 1)
    assert np.allclose(4 * rocchio(floats(1, 0), disliked=[floats(0, 3)]), np.array([4, -1]) * 4 / np.sqrt(17))


def test_what_is_liked_draws_the_query_near_however_long_its_vector_is() -> None:
    query, liked = floats(1, 0), floats(0, 1)
    assert np.allclose(rocchio(query, liked=[liked]), [0.8, 0.6])
    assert np.allclose(rocchio(query, liked=[100 * liked, liked]), [0.8, 0.6])


def test_nothing_selected_asks_for_nothing() -> None:
    assert not rocchio(np.zeros(3, np.float32)).any()


# Scores


def at(distances: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Cosines at such distances, `SAME` counted in."""
    return 1 + SAME - np.asarray(distances, np.float64)


distances = arrays(np.float64, st.integers(20, 60), elements=st.floats(0.3, 0.9))


@given(distances, st.floats(0.5, 1))
def test_a_query_that_is_near_to_everything_gets_the_scores_of_one_that_is_far(
    background: Floats, scale: float
) -> None:
    found = background[:5] - 0.1
    plain = calibrate(at(found), at(background))
    assert np.allclose(calibrate(at(found * scale), at(background * scale)), plain, atol=1e-3)
    # The nearer, the higher; distances that differ in their last digit may get the same score.
    assert (np.diff(plain[np.argsort(found)]) <= 1e-6).all()


def test_scores_are_standard_deviations_of_a_normal_background() -> None:
    background = np.random.default_rng(0).normal(np.log(0.5), 0.2, 20_000)
    found = np.log(0.5) + np.array([0, -0.4, 0.2])
    assert np.allclose(calibrate(at(np.exp(found)), at(np.exp(background))), [0, 2, -1], atol=0.05)


def test_good_matches_within_the_sample_do_not_move_the_scores() -> None:
    background = np.random.default_rng(0).normal(0.4, 0.1, 1000)
    with_matches = np.concatenate([background, np.full(20, 0.99)])
    assert abs(calibrate([0.9], background)[0] - calibrate([0.9], with_matches)[0]) < 0.5


def test_right_answers_stand_out_even_where_they_are_a_tenth_of_all_there_is() -> None:
    background = np.random.default_rng(0).normal(0.4, 0.08, 500)
    with_matches = np.concatenate([background, np.full(50, 0.95)])
    assert calibrate([0.95], with_matches)[0] > WEAK


def test_the_very_thing_stands_out_among_things_that_are_fairly_like_it() -> None:
    background = np.random.default_rng(0).normal(0.75, 0.08, 500)
    very, fairly = calibrate([0.99, 0.85], background)
    assert very > WEAK > fairly


def test_a_background_of_equal_regions_gives_no_huge_scores() -> None:
    (score,) = calibrate(at([0.5]), at([0.51, 0.51, 0.51]))
    assert score == pytest.approx(np.log(0.51 / 0.5) / 0.05, rel=1e-5)


def test_cosines_nearer_to_1_than_a_hundredth_hardly_differ() -> None:
    assert np.diff(nearness([0.99, 1])) == pytest.approx(np.log(2))


def test_without_a_background_all_scores_are_zero() -> None:
    assert calibrate([0.1, 0.9], []).tolist() == [0, 0]


def test_a_similarity_that_is_not_known_stays_unknown() -> None:
    assert np.isnan(calibrate([np.nan], [0.1, 0.2, 0.3])).all()


# Spaces and parts


@given(arrays(np.float32, 6, elements=st.floats(-5, 9, width=32)), st.floats(0.01, 1))
def test_scores_that_agree_in_all_spaces_stay_what_they_are(scores: Floats, weight: float) -> None:
    fused = fuse({"appearance": scores, "meaning": scores}, {"appearance": weight, "meaning": 1 - weight})
    assert np.allclose(fused, scores, atol=1e-5)


def test_a_space_alone_keeps_its_scores_whatever_it_weighs() -> None:
    scores = floats(4, -1, 2)
    assert np.allclose(fuse({"meaning": scores}, {"appearance": 0.9, "meaning": 0.1}), scores)
    assert np.allclose(fuse({"meaning": scores, "appearance": floats(9, 9, 9)}, {"meaning": 1}), scores)


def test_to_stand_out_in_one_space_is_better_than_to_be_fair_in_both() -> None:
    outstanding, fair = fuse({"a": floats(6, 3), "b": floats(0, 3)}, {"a": 1, "b": 1})
    assert outstanding > fair
    # The mean of the odds exp(6 / 2) and exp(0 / 2).
    assert outstanding == pytest.approx(2 * np.log((np.exp(3) + 1) / 2), rel=1e-5)


def test_the_weights_decide_between_spaces_that_disagree() -> None:
    scores = {"appearance": floats(4, 1), "meaning": floats(1, 4)}
    by_looks = fuse(scores, {"appearance": 0.8, "meaning": 0.2})
    by_meaning = fuse(scores, {"appearance": 0.2, "meaning": 0.8})
    assert by_looks[0] > by_looks[1]
    assert by_meaning[0] < by_meaning[1]


def test_huge_scores_do_not_overflow() -> None:
    assert np.allclose(fuse({"a": floats(900), "b": floats(-900)}, {"a": 1, "b": 1}), [900 - np.log(2) / EVIDENCE])


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"b": 1.0}])
def test_spaces_without_any_weight_cannot_be_joined(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        fuse({"a": floats(1)}, weights)


def test_an_image_with_both_parts_beats_one_with_either() -> None:
    assert mean_over_parts([floats(4, 5, 0), floats(4, 0, 5)]).tolist() == [4, 2.5, 2.5]


# Hits


def test_images_are_ranked_by_their_best_region_and_come_once() -> None:
    images = np.array([3, 5, 3, 7, 5])
    scores = floats(0.2, 0.9, 0.8, 0.1, 0.3)
    ranked, rows = best_regions(images, scores)
    assert ranked.tolist() == [5, 3, 7]
    assert rows.tolist() == [1, 2, 3]


def test_equal_scores_keep_their_order_every_time() -> None:
    ranked, rows = best_regions(np.array([9, 2, 9, 2]), floats(1, 1, 1, 1))
    assert ranked.tolist() == [9, 2]
    assert rows.tolist() == [0, 1]


def test_nothing_found_is_nothing_ranked() -> None:
    ranked, rows = best_regions(np.array([], np.int64), floats())
    assert ranked.size == rows.size == 0


@pytest.mark.parametrize(("scores", "strong"), [((9, 5, 1), 2), ((9, 5), 2), ((1, 0), 0), ((), 0), ((3, WEAK), 2)])
def test_the_line_is_drawn_where_scores_fall_into_the_background(scores: tuple[float, ...], strong: int) -> None:
    assert weak_line(floats(*scores)) == strong


def test_of_images_that_have_nothing_to_do_with_a_query_few_are_above_the_line() -> None:
    random = np.random.default_rng(0)
    background = at(np.exp(random.normal(-0.5, 0.2, 5000)))
    best = calibrate(at(np.exp(random.normal(-0.5, 0.2, (4000, 16)))).max(axis=1), background)
    assert 0.002 < np.mean(best > WEAK) < 0.03
