"""Fitting the object tool's linear models, on a made picture."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.object_weights import Examples, choose, correction_examples, cut_examples, first_examples, fitted
from benchmarks.simulated_person import Subject
from selector.segmentation import hierarchy, slic
from selector.selection.objects import weights
from selector.selection.objects.context import network
from selector.selection.objects.look import look_at


@pytest.fixture(scope="module")
def ring() -> Subject:
    """A red ring on green noise, which no box or loop tells from a disc."""
    y, x = np.mgrid[:120, :160]
    away = np.hypot(x - 80, y - 60)
    mask = (away < 50) & (away > 25)
    noise = (np.arange(120 * 160).reshape(120, 160) * 7919 % 31).astype(np.uint8)
    rgb = np.stack([np.where(mask, 190, 60) + noise, np.where(mask, 40, 120) + noise, 40 + noise], axis=2)
    labels = slic.segment(rgb.astype(np.uint8), 300)
    rgb = rgb.astype(np.uint8)
    look = look_at(labels, rgb)
    # What a model would see that tells the ring from the rest.
    seen = np.column_stack([look.colours[:, 1], np.cos(np.arange(look.n_superpixels))]).astype(np.float32)
    features = {"made": seen - seen.mean(axis=0)}
    return Subject(rgb, labels, hierarchy.build(rgb, labels).parents, look, mask, features)


def test_a_fit_finds_the_weights_that_made_the_examples() -> None:
    cues = np.column_stack([np.ones(4000), np.random.default_rng(0).normal(3, 2, (4000, 2))])
    truth = 1 / (1 + np.exp(-cues @ [1.0, -0.5, 0.25]))
    assert fitted(Examples(cues, truth, np.ones(4000))) == pytest.approx([1.0, -0.5, 0.25], abs=0.02)


def test_every_first_gesture_tells_as_many_cues_as_there_are_weights(ring: Subject) -> None:
    examples = first_examples(0, ring)
    assert sorted(key for _, key in [which for which, _ in examples]) == sorted(2 * ["box", "box", "loop", "stroke"])
    assert {name for (name, _), _ in examples} == {"FIRST", "FIRST_WITH_FEATURES"}
    for (name, key), told in examples:
        assert told.cues.shape == (len(told.truth), len(getattr(weights, name)[key]))
        assert 0 < told.truth.mean() < 1


def test_cuts_tell_as_many_cues_as_there_are_weights_and_how_well_they_overlap(ring: Subject) -> None:
    examples = cut_examples(network(), 0, ring)
    assert {key for (_, key), _ in examples} == {"box", "loop", "stroke"}
    for (name, key), told in examples:
        assert told.cues.shape == (len(told.truth), len(getattr(weights, name)[key]))
        assert np.isfinite(told.cues).all()
        assert 0 <= told.truth.min() <= told.truth.max() <= 1


def test_a_choice_finds_the_cue_that_tells_which_cut_overlaps_most() -> None:
    numbers = np.random.default_rng(0)
    examples = []
    for _ in range(40):
        cues = numbers.normal(size=(6, 3))
        # How easy a photo is says nothing of which of its cuts is best.
        examples.append((("CHOICE", "box"), Examples(cues, 0.1 * cues[:, 1] + numbers.uniform(), np.ones(6))))
    models: dict[str, dict[str, tuple[float, ...]]] = {"CHOICE": {}}
    choose(models, examples)
    assert models["CHOICE"]["box"] == pytest.approx([0, 0.1, 0], abs=0.01)


def test_corrections_tell_what_was_right_and_what_was_wrong(ring: Subject) -> None:
    examples = [each for number in range(4) for each in correction_examples(number, ring)]
    assert {name for (name, _), _ in examples} == {"RIGHTED", "KEPT"}
    for (name, key), told in examples:
        assert told.cues.shape == (len(told.truth), len(getattr(weights, name)[key]))
        assert np.isfinite(told.cues).all()
    kept = np.concatenate([told.truth for (name, _), told in examples if name == "KEPT"])
    assert kept.mean() > 0.8
