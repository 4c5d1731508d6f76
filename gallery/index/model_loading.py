"""Loads and fetches the models of the kind `meaning`, by the settings."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from math import inf
from time import monotonic
from typing import cast

from django.conf import settings
from django.core.cache import cache

from gallery.descriptors.open_clip import loading
from gallery.descriptors.open_clip.tower import Method, Tower
from gallery.descriptors.open_clip.weights import Progress, WeightsMissing, fetch
from gallery.index.describers import SpaceUnavailable

SECONDS_UNTIL_RETRY = 60.0

# Models that this process could not load: (model, weights, method) -> (seconds of the clock, sentence).
_failures: dict[tuple[str, str, str], tuple[float, str]] = {}
# Models that it has loaded: what the cache says of a failure is of an earlier day.
_loaded: set[tuple[str, str]] = set()


def why_meaning_is_off() -> str:
    """Why search by meaning cannot work in this installation, as a sentence; empty when it can."""
    if not settings.MEANING_ENABLED:
        return "Search by meaning is switched off by the setting MEANING_ENABLED."
    if find_spec("torch") is None or find_spec("open_clip") is None:
        return "Search by meaning is off: torch and open_clip are not installed; start once without LIGHT=1."
    return ""


def load_tower(model: str, pretrained: str, method: str = "") -> Tower:
    """A model whose weights are here already, loaded once a process.

    After a failure the same sentence is raised for a minute without another try: a try takes seconds, and every job
    and every search would make one.

    Parameters
    ----------
    model, pretrained : str
        As in the settings MEANING_MODEL and MEANING_WEIGHTS.
    method : str, optional
        How the model describes regions; by default as is usual for it.

    Returns
    -------
    Tower

    Raises
    ------
    SpaceUnavailable
        When it cannot be loaded.
    """
    key = (model, pretrained, method)
    failed, sentence = _failures.get(key, (-inf, ""))
    if monotonic() - failed < SECONDS_UNTIL_RETRY:
        raise SpaceUnavailable(sentence)
    _silence_hub()
    try:
        tower = loading.load(
            model,
            pretrained,
            cache_dir=settings.MODEL_CACHE_DIR,
            threads=settings.MEANING_THREADS,
            batch=settings.MEANING_BATCH,
            method=cast("Method", method) if method else None,
            # The same arguments in every call, this one too, so that a process has one copy.
            download=False,
        )
    except WeightsMissing as problem:
        _failures[key] = monotonic(), str(problem)
        cache.set(_failure_of(model, pretrained), str(problem), timeout=None)
        raise SpaceUnavailable(str(problem)) from problem
    if (model, pretrained) not in _loaded:
        cache.delete(_failure_of(model, pretrained))
        _loaded.add((model, pretrained))
    return tower


def last_failure(model: str, pretrained: str) -> str:
    """Why a model could not be loaded, as a sentence by the last process that failed; empty if it is here since.

    Processes that only search need not try for themselves: that takes them 0.7 GiB even where there are no weights.
    """
    return str(cache.get(_failure_of(model, pretrained), ""))


def _failure_of(model: str, pretrained: str) -> str:
    """The key in the cache; a model may be a path, which is no good key."""
    return f"model:{hashlib.sha256(f'{model} {pretrained}'.encode()).hexdigest()}"


def fetch_weights(progress: Progress | None = None) -> str:
    """Fetch the weights that the settings name, if they are not here. Returns the path of their file.

    Raises
    ------
    SpaceUnavailable
        When they cannot be fetched.
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
    cache.delete(_failure_of(settings.MEANING_MODEL, settings.MEANING_WEIGHTS))
    return str(found)


def _silence_hub() -> None:
    """Let the hub's client say less: without a network it repeats its warning dozens of times."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
