"""A second look at the first images of a ranking."""

import numpy as np
import pytest

from gallery.descriptors.pooling import unit
from gallery.search.expansion import Background, Question, agree, centred_cosines, made_to_fall
from selector.arrays import Floats


@pytest.fixture
def background() -> Background:
    """Regions that have much in common: half of each is the same."""
    vectors = np.random.default_rng(3).normal(size=(200, 16)).astype(np.float32)
    return Background(unit(unit(vectors) + np.eye(16, dtype=np.float32)[0]))


def scores(question: Question, regions: Floats, background: Background) -> Floats:
    return question.scores(regions @ question.plain, regions @ question.centred, regions @ background.mean, background)


def test_cosines_around_the_mean_need_no_vectors(background: Background) -> None:
    regions, question = background.vectors[:20], Question.of(background.vectors[30], background)
    mean = background.mean
    found = centred_cosines(
        regions @ question.centred, regions @ mean, float(question.centred @ mean), float(mean @ mean)
    )
    np.testing.assert_allclose(found, background.around(regions) @ question.centred, atol=1e-5)


def test_a_question_moves_toward_hits_that_agree(background: Background) -> None:
    question = Question.of(background.vectors[0], background)
    twin = unit(background.vectors[0] + 0.3 * background.vectors[1])
    alike = unit(twin + 0.05 * np.random.default_rng(4).normal(size=(3, 16)).astype(np.float32))
    moved = question.toward(alike, background)
    assert scores(moved, twin[None], background)[0] > scores(question, twin[None], background)[0]


def test_it_stays_where_they_have_nothing_in_common(background: Background) -> None:
    question = Question.of(background.vectors[0], background)
    apart = unit(background.mean + np.eye(16, dtype=np.float32)[[3, 6, 9]])
    assert question.toward(apart, background) is question
    assert question.toward(background.vectors[1:2], background) is question
    assert not agree(np.zeros((0, 16), np.float32))


def test_a_region_that_is_not_described_has_no_score(background: Background) -> None:
    question, unknown = Question.of(background.vectors[0], background), np.array([np.nan, 0.5])
    found = question.scores(unknown, unknown, unknown, background)
    assert np.isnan(found[0]) and not np.isnan(found[1])


def test_a_collection_of_one_region_or_none_gives_numbers() -> None:
    for n in (0, 1):
        background = Background(np.full((n, 4), 0.5, np.float32))
        question = Question.of(np.array([1, 0, 0, 0], np.float32), background)
        assert np.isfinite(question.scores([0.5], [0.5], [1.0], background)).all()


def test_scores_that_fall_already_stay() -> None:
    np.testing.assert_array_equal(made_to_fall(np.array([3, 2, 2, 1], np.float32)), [3, 2, 2, 1])
    assert not len(made_to_fall(np.zeros(0, np.float32)))
