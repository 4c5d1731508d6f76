"""Loading and fetching the model of the `meaning` space, by the settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from math import inf
from time import monotonic

from django.conf import settings

from gallery.descriptors.open_clip import loading
from gallery.descriptors.open_clip.tower import Tower
from gallery.descriptors.open_clip.weights import WeightsMissing, fetch

Progress = Callable[[int, int | None], None]
SECONDS_UNTIL_RETRY = 60.0


class SpaceUnavailable(Exception):
    """A space cannot be used here and now; the text is one sentence that says why and what to do."""


def why_meaning_is_off() -> str:
    """Why search by meaning cannot work in this installation, as a sentence; empty when it can."""
    if not settings.MEANING_ENABLED:
        return "Search by meaning is switched off by the setting MEANING_ENABLED."
    if find_spec("torch") is None or find_spec("open_clip") is None:
        return "Search by meaning is off: torch and open_clip are not installed; start once without LIGHT=1."
    return ""


# Why a model could not be loaded, and when that was found out: (model, weights, method) -> (seconds, sentence).
_failures: dict[tuple[str, str, str], tuple[float, str]] = {}


def load_tower(model: str, pretrained: str, method: str = "") -> Tower:
    """Load a model from weights that are here already, once a process.

    Raises
    ------
    SpaceUnavailable
        With the sentence to show. It is said again for a minute without another try: trying takes seconds, and
        every job and every search would.
    """
    key = (model, pretrained, method)
    failed, sentence = _failures.get(key, (-inf, ""))
    if monotonic() - failed < SECONDS_UNTIL_RETRY:
        raise SpaceUnavailable(sentence)
    _silence_hub()
    try:
        return loading.load(
            model,
            pretrained,
            cache_dir=settings.MODEL_CACHE_DIR,
            threads=settings.MEANING_THREADS,
            batch=settings.MEANING_BATCH,
            method=method or None,  # type: ignore[arg-type]
            # The same arguments everywhere, this one too: they are what makes it one copy a process.
            download=False,
        )
    except WeightsMissing as problem:
        _failures[key] = monotonic(), str(problem)
        raise SpaceUnavailable(str(problem)) from problem


def fetch_weights(progress: Progress | None = None) -> str:
    """Fetch the weights that the settings name, if they are not here, and return where they are.

    Raises
    ------
    SpaceUnavailable
        With the sentence to show.
    """
    if reason := why_meaning_is_off():
        raise SpaceUnavailable(reason)
    _silence_hub()
    try:
        found = fetch(
            settings.MEANING_MODEL,
            settings.MEANING_WEIGHTS,
            cache_dir=settings.MODEL_CACHE_DIR,
            download=True,
            progress=progress,
        )
    except WeightsMissing as problem:
        raise SpaceUnavailable(str(problem)) from problem
    _failures.clear()
    return str(found)


def _silence_hub() -> None:
    """Without a network the hub's client says so dozens of times; one sentence of ours is enough."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
